"""Certificates: validated by the records that prove them, refused names, and deletions of what is in use."""

from __future__ import annotations

import hashlib
import re
from typing import Any

from moto.acm.models import AWSCertificateManagerBackend, CertBundle
from moto.route53.models import route53_backends

from . import settings
from .errors import ApiError
from .gaps_load_balancers import users_of_certificate

_LABEL = r"[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_DOMAIN = re.compile(rf"(\*\.)?({_LABEL}\.)+{_LABEL}")
_expires = CertBundle.check


def install() -> None:
    """Puts the repaired parts in place of moto's."""
    CertBundle.check = check
    CertBundle.describe = _describe(CertBundle.describe)
    Backend = AWSCertificateManagerBackend
    Backend.request_certificate = _request_certificate(Backend.request_certificate)
    Backend.describe_certificate = _describe_certificate(Backend.describe_certificate)
    Backend.delete_certificate = _delete_certificate(Backend.delete_certificate)


def check(self: CertBundle) -> None:
    """Issues a certificate when its records stand in a public zone of its account; never by the clock."""
    before = self.status
    _expires(self)
    if before != "PENDING_VALIDATION" or self.type != "AMAZON_ISSUED":
        return
    if self.status == "ISSUED":
        self.status = before
    names = self.__dict__.get("requested", self.sans)
    account, _ = _place(self.arn)
    if self.status == before and all(_is_proved(account, *_record(name)) for name in names):
        self.status = "ISSUED"


def _record(domain: str) -> tuple[str, str]:
    """The CNAME record that proves a domain: the same for a wildcard and its parent, and for every certificate."""
    parent = domain.removeprefix("*.").lower()
    digest = hashlib.sha256(parent.encode()).hexdigest()
    return f"_{digest[:32]}.{parent}.", f"_{digest[32:]}.zlfbpfchxs.acm-validations.aws."


def _is_proved(account: str, name: str, value: str) -> bool:
    return any(
        not zone.private_zone and any(_says(rrset, name, value) for rrset in zone.rrsets)
        for backend in route53_backends[account].values()
        for zone in backend.zones.values()
    )


def _says(rrset: Any, name: str, value: str) -> bool:
    plain = name.strip(".")
    return (
        rrset.type == "CNAME"
        and rrset.name.strip(".").lower() == plain
        and [one.strip(".") for one in rrset.records or []] == [value.strip(".")]
    )


def _describe(original: Any) -> Any:
    def describe(self: CertBundle) -> dict[str, Any]:
        """DescribeCertificate: the names in their order, each with a record of its own."""
        result = original(self)
        shown = result["Certificate"]
        names = self.__dict__.get("requested")
        if names:
            shown["SubjectAlternativeNames"] = names
            shown["DomainName"] = names[0]
        options = shown.get("DomainValidationOptions") or []
        options.sort(key=lambda option: (names or []).index(option["DomainName"]) if names else 0)
        for option in options:
            name, value = _record(option["DomainName"])
            option["ResourceRecord"] = {"Name": name, "Type": "CNAME", "Value": value}
            if self.__dict__.get("hides_records"):
                del option["ResourceRecord"]
        shown["InUseBy"] = users_of_certificate(*_place(self.arn), self.arn)
        if self.status != "ISSUED":
            for member in ("IssuedAt", "NotAfter", "NotBefore", "Serial"):
                shown.pop(member, None)
        return result

    return describe


def _place(arn: str) -> tuple[str, str]:
    _, _, _, region, account, _ = arn.split(":", 5)
    return account, region


def _request_certificate(original: Any) -> Any:
    def request_certificate(self: Any, domain_name: str, idempotency_token: str, names: Any, *args: Any) -> str:
        """RequestCertificate: refuses what is no domain."""
        wanted = [domain_name, *(name for name in names or [] if name != domain_name)]
        for name in wanted:
            if len(name) > 253 or not _DOMAIN.fullmatch(name):
                text = f"1 validation error detected: Value '{name}' failed to satisfy constraint: a domain name"
                raise ApiError("ValidationException", text)
        if len(domain_name) > 64:
            raise ApiError("ValidationException", "The first domain name can have at most 64 characters")
        kept = self._idempotency_tokens
        # moto trips over the token of a certificate that was deleted.
        self._idempotency_tokens = {token: one for token, one in kept.items() if one["arn"] in self._certificates}
        arn = original(self, domain_name, idempotency_token, names, *args)
        bundle = self._certificates[arn]
        if "requested" not in bundle.__dict__:
            bundle.requested = wanted
        return arn

    return request_certificate


def _describe_certificate(original: Any) -> Any:
    def describe_certificate(self: Any, arn: str) -> CertBundle:
        """DescribeCertificate: the records of a new certificate are made up some answers later."""
        bundle = original(self, arn)
        seen = bundle.__dict__.get("describes", 0)
        bundle.describes = seen + 1
        bundle.hides_records = seen < settings.of(self.account_id).acm_describes
        return bundle

    return describe_certificate


def _delete_certificate(original: Any) -> Any:
    def delete_certificate(self: Any, arn: str) -> None:
        """DeleteCertificate: not while a listener uses it."""
        if arn in self._certificates and users_of_certificate(self.account_id, self.region_name, arn):
            raise ApiError("ResourceInUseException", f"Certificate {arn} in account {self.account_id} is in use.")
        original(self, arn)

    return delete_certificate
