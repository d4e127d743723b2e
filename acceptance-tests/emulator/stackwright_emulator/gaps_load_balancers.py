"""Application load balancers: states, names, zones, certificates, and what AWS refuses to make or delete."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from moto.acm.models import acm_backends
from moto.elbv2.models import ELBv2Backend, FakeLoadBalancer
from moto.s3.models import s3_backends

from . import settings
from .errors import ApiError

_NAME = re.compile(r"(?!internal-)[A-Za-z0-9]([A-Za-z0-9-]{0,30}[A-Za-z0-9])?")
_POLICY = re.compile(r"ELBSecurityPolicy-[A-Za-z0-9-]+-\d{4}-\d{2}|ELBSecurityPolicy-2016-08")
_MOST_TAGS = 50

# What AWS shows of a load balancer that nobody has configured.
_DEFAULTS = {
    "access_logs.s3.enabled": "false",
    "idle_timeout.timeout_seconds": "60",
    "routing.http.drop_invalid_header_fields.enabled": "false",
    "routing.http2.enabled": "true",
    "load_balancing.cross_zone.enabled": "true",
}


def install() -> None:
    """Puts the repaired parts in place of moto's."""
    ELBv2Backend.describe_load_balancers = _describe_load_balancers(ELBv2Backend.describe_load_balancers)
    FakeLoadBalancer.activate = lambda self: None
    ELBv2Backend.add_tags = add_tags
    for name, wrapper in (
        ("create_load_balancer", _create_load_balancer),
        ("set_subnets", _set_subnets),
        ("set_security_groups", _set_security_groups),
        ("modify_load_balancer_attributes", _modify_attributes),
        ("delete_load_balancer", _delete_load_balancer),
        ("create_listener", _create_listener),
        ("modify_listener", _modify_listener),
        ("add_listener_certificates", _add_certificates),
        ("create_rule", _create_rule),
        ("modify_rule", _modify_rule),
    ):
        _wrap(name, wrapper)


def _wrap(name: str, wrapper: Any) -> None:
    original = getattr(ELBv2Backend, name)
    setattr(ELBv2Backend, name, lambda self, *args, **kwargs: wrapper(original, self, *args, **kwargs))


def users_of_certificate(account: str, region: str, arn: str) -> list[str]:
    """The load balancers whose listeners use a certificate."""
    from moto.elbv2.models import elbv2_backends

    return [
        balancer.arn
        for balancer in elbv2_backends[account][region].load_balancers.values()
        for listener in balancer.listeners.values()
        if arn in [*listener.certificates, listener.certificate]
    ]


def _describe_load_balancers(original: Any) -> Any:
    def describe_load_balancers(self: Any, arns: Any, names: Any) -> list[Any]:
        """DescribeLoadBalancers: a new one is provisioning for as many answers as the account's setting says."""
        _refuse_missing(self, arns or [], names or [])
        found = original(self, arns, names)
        for balancer in found:
            seen = balancer.__dict__.get("describes", 0)
            balancer.describes = seen + 1
            if balancer.state == "provisioning" and seen >= settings.of(self.account_id).elb_describes:
                balancer.state = "active"
        return found

    return describe_load_balancers


def _refuse_missing(self: Any, arns: list[str], names: list[str]) -> None:
    # moto takes the last match for one that is not there.
    known = {balancer.name for balancer in self.load_balancers.values()}
    if any(arn not in self.load_balancers for arn in arns) or any(name not in known for name in names):
        raise ApiError("LoadBalancerNotFound", "One or more load balancers not found")


def add_tags(self: Any, resource_arns: list[str], tags: list[dict[str, str]]) -> None:
    """AddTags: up to 50, as AWS takes."""
    added = {tag["Key"] for tag in tags}
    for arn in resource_arns:
        self._get_resource_by_arn(arn)
        if len(added | set(self.tagging_service.get_tag_dict_for_resource(arn))) > _MOST_TAGS:
            raise ApiError("TooManyTags", "You've reached the limit on the number of tags")
        self.tagging_service.tag_resource(arn, tags)


def _create_load_balancer(
    original: Any, self: Any, name: str, security_groups: list[str], subnet_ids: list[str], **kwargs: Any
) -> Any:
    kind = kwargs.get("loadbalancer_type") or "application"
    if not _NAME.fullmatch(name or ""):
        raise ApiError("ValidationError", f"The load balancer name '{name}' is not valid")
    if any(balancer.name == name for balancer in self.load_balancers.values()):
        raise ApiError("DuplicateLoadBalancerName", "A load balancer with the same name exists")
    kwargs["scheme"] = kwargs.get("scheme") or "internet-facing"
    if kind == "application":
        _check_zones(self, subnet_ids)
        _check_groups(self, security_groups)
        _check_gateway(self, subnet_ids, kwargs["scheme"])
    made = original(self, name, security_groups, subnet_ids, **kwargs)
    made.attrs.update(_DEFAULTS)
    return made


def _check_zones(self: Any, subnet_ids: list[str]) -> None:
    subnets = [self.ec2_backend.get_subnet(subnet_id) for subnet_id in subnet_ids]
    zones = {subnet.availability_zone for subnet in subnets}
    if len(zones) < len(subnets):
        text = "A load balancer cannot be attached to multiple subnets in the same Availability Zone"
        raise ApiError("InvalidConfigurationRequest", text)
    if len(zones) < 2:
        text = "At least two subnets in two different Availability Zones must be specified"
        raise ApiError("ValidationError", text)
    if len({subnet.vpc_id for subnet in subnets}) > 1:
        raise ApiError("InvalidConfigurationRequest", "All subnets must belong to the same VPC")


def _check_groups(self: Any, groups: list[str]) -> None:
    for group in groups or []:
        if self.ec2_backend.get_security_group_from_id(group) is None:
            raise ApiError("InvalidSecurityGroup", f"Security group '{group}' does not exist")


def _check_gateway(self: Any, subnet_ids: list[str], scheme: str) -> None:
    vpc = self.ec2_backend.vpcs.get(self.ec2_backend.get_subnet(subnet_ids[0]).vpc_id)
    gateways = self.ec2_backend.internet_gateways.values()
    attached = any(gateway.vpc and gateway.vpc.id == vpc.id for gateway in gateways)
    # AWS gives a default VPC its gateway; moto does not.
    if scheme == "internet-facing" and not attached and str(vpc.is_default).lower() != "true":
        raise ApiError("InvalidSubnet", f"VPC {vpc.id} has no internet gateway")


def _set_subnets(original: Any, self: Any, arn: str, subnets: list[str], mappings: Any) -> Any:
    if arn in self.load_balancers and subnets:
        _check_zones(self, subnets)
        vpc = self.ec2_backend.get_subnet(subnets[0]).vpc_id
        if vpc != self.load_balancers[arn].vpc_id:
            raise ApiError("InvalidSubnet", "The subnets are not in the VPC of the load balancer")
    return original(self, arn, subnets, mappings)


def _set_security_groups(original: Any, self: Any, arn: str, groups: list[str]) -> Any:
    _check_groups(self, groups)
    return original(self, arn, groups)


def _modify_attributes(original: Any, self: Any, arn: str, attrs: dict[str, str]) -> Any:
    timeout = attrs.get("idle_timeout.timeout_seconds", "60")
    if not (timeout.isdigit() and 1 <= int(timeout) <= 4000):
        raise ApiError("ValidationError", f"'{timeout}' is not a valid idle timeout: it is between 1 and 4000 seconds")
    if attrs.get("access_logs.s3.enabled") == "true":
        _check_log_bucket(self, attrs.get("access_logs.s3.bucket", ""))
    return original(self, arn, attrs)


def _check_log_bucket(self: Any, name: str) -> None:
    bucket = s3_backends[self.account_id][self.partition].buckets.get(name)
    if bucket is None:
        raise ApiError("InvalidConfigurationRequest", f"The bucket '{name}' does not exist or is in another region")
    if bucket.policy is None:
        text = f"Access Denied for bucket: {name}. Please check S3bucket permission"
        raise ApiError("InvalidConfigurationRequest", text)


def _delete_load_balancer(original: Any, self: Any, arn: str) -> Any:
    balancer = self.load_balancers.get(arn)
    if balancer is not None and balancer.attrs.get("deletion_protection.enabled") == "true":
        text = f"Load balancer '{arn}' cannot be deleted because deletion protection is enabled"
        raise ApiError("OperationNotPermitted", text)
    return original(self, arn)


def _create_listener(
    original: Any,
    self: Any,
    load_balancer_arn: str,
    protocol: str,
    port: Any,
    ssl_policy: str,
    certificate: str | None,
    actions: list[dict[str, Any]],
    **kwargs: Any,
) -> Any:
    balancer = self.load_balancers.get(load_balancer_arn)
    if balancer is not None and any(str(one.port) == str(port) for one in balancer.listeners.values()):
        raise ApiError("DuplicateListener", "A listener already exists on this port for this load balancer")
    _check_tls(self, protocol, ssl_policy, certificate)
    _check_targets(self, load_balancer_arn, actions)
    return original(self, load_balancer_arn, protocol, port, ssl_policy, certificate, actions, **kwargs)


def _check_tls(self: Any, protocol: str | None, policy: str | None, certificate: str | None) -> None:
    if protocol != "HTTPS":
        if certificate:
            raise ApiError("InvalidConfigurationRequest", "Certificates are for HTTPS listeners only")
        return
    if not certificate:
        raise ApiError("ValidationError", "A certificate must be specified for HTTPS listeners")
    if policy and not _POLICY.fullmatch(policy):
        raise ApiError("SSLPolicyNotFound", f"SSL policy '{policy}' not found")
    _check_certificate(self, certificate)


def _check_certificate(self: Any, arn: str) -> None:
    if ":iam:" in arn:
        return
    found = acm_backends[self.account_id][self.region_name]._certificates.get(arn)
    if found is None:
        raise ApiError("CertificateNotFound", f"Certificate '{arn}' not found")
    found.check()
    if found.status != "ISSUED":
        text = f"The certificate '{arn}' must have a fully-qualified domain name, a supported signature, and a key size"
        raise ApiError("UnsupportedCertificate", text)


def _modify_listener(
    original: Any,
    self: Any,
    arn: str,
    port: Any = None,
    protocol: str | None = None,
    ssl_policy: str | None = None,
    certificates: list[dict[str, str]] | None = None,
    actions: list[dict[str, Any]] | None = None,
) -> Any:
    listener = self.describe_listeners(load_balancer_arn=None, listener_arns=[arn])[0]
    further = [one for one in listener.certificates if one != listener.certificate]
    default = certificates[0]["CertificateArn"] if certificates else listener.certificate
    becomes = protocol or listener.protocol
    if becomes == "HTTPS":
        _check_tls(self, becomes, ssl_policy, default)
    _check_targets(self, listener.load_balancer_arn, actions or [])
    changed = original(self, arn, port, protocol, ssl_policy, certificates or [], actions or [])
    # moto forgets the further certificates when the default one changes.
    if becomes == "HTTPS":
        changed.certificates = [default, *(one for one in further if one != default)]
    return changed


def _add_certificates(original: Any, self: Any, arn: str, certificates: list[dict[str, str]]) -> Any:
    listener = self.describe_listeners(load_balancer_arn=None, listener_arns=[arn])[0]
    if listener.protocol != "HTTPS":
        raise ApiError("InvalidConfigurationRequest", "Certificates are for HTTPS listeners only")
    for one in certificates:
        _check_certificate(self, one["CertificateArn"])
    new = [one for one in certificates if one["CertificateArn"] not in listener.certificates]
    return original(self, arn, new)


def _create_rule(original: Any, self: Any, listener_arn: str, *args: Any, **kwargs: Any) -> Any:
    actions = kwargs.get("actions") or []
    _check_targets(self, _balancer_of(self, lambda one: one.arn == listener_arn), actions)
    return original(self, listener_arn, *args, **kwargs)


def _modify_rule(original: Any, self: Any, rule_arn: str, *args: Any, **kwargs: Any) -> Any:
    actions = kwargs.get("actions") or []
    _check_targets(self, _balancer_of(self, lambda one: rule_arn in one.rules), actions)
    return original(self, rule_arn, *args, **kwargs)


def _balancer_of(self: Any, fits: Any) -> str | None:
    for balancer in self.load_balancers.values():
        if any(fits(listener) for listener in balancer.listeners.values()):
            return balancer.arn
    return None


def _check_targets(self: Any, balancer_arn: str | None, actions: Iterable[dict[str, Any]]) -> None:
    """A target group serves one load balancer."""
    wanted = {arn for action in actions for arn in _targets(action)}
    for balancer in self.load_balancers.values():
        if balancer.arn == balancer_arn:
            continue
        used = {arn for listener in balancer.listeners.values() for arn in _targets_of_listener(listener)}
        if wanted & used:
            text = (
                "The following target groups cannot be associated with more than one load balancer: "
                + ", ".join(sorted(wanted & used))
            )
            raise ApiError("TargetGroupAssociationLimit", text)


def _targets_of_listener(listener: Any) -> list[str]:
    actions = [*listener.default_actions]
    for rule in listener.rules.values():
        actions += rule.actions
    return [arn for action in actions for arn in _targets(action.data)]


def _targets(action: dict[str, Any]) -> list[str]:
    if action.get("Type") != "forward":
        return []
    groups = (action.get("ForwardConfig") or {}).get("TargetGroups") or []
    found = [group["TargetGroupArn"] for group in groups]
    return found or [action["TargetGroupArn"]] if action.get("TargetGroupArn") else found
