"""Route 53: changes as AWS takes and refuses them, and wildcards in its spelling."""

from __future__ import annotations

import copy
import ipaddress
from typing import Any

from moto.route53.models import FakeZone, HostedZoneIdentifier, Route53Backend

from .errors import ApiError

# The hosted zone of every load balancer in moto.
_BALANCERS = "Z2P70J7EXAMPLE"


def install() -> None:
    """Puts the repaired parts in place of moto's."""
    original = HostedZoneIdentifier.generate
    # AWS's ids of zones begin with a Z.
    HostedZoneIdentifier.generate = lambda self, *args, **kwargs: "Z" + original(self, *args, **kwargs)[1:]
    Route53Backend.change_resource_record_sets = change_resource_record_sets
    Route53Backend.list_resource_record_sets = _list_resource_record_sets(Route53Backend.list_resource_record_sets)


def change_resource_record_sets(self: Any, zoneid: str, change_list: list[dict[str, Any]]) -> None:
    """ChangeResourceRecordSets: all changes or none."""
    zone = self.get_hosted_zone(zoneid)
    before = list(zone.rrsets)
    try:
        for change in copy.deepcopy(change_list):
            _apply(zone, change["Action"], _canonical(change["ResourceRecordSet"]))
    except ApiError:
        zone.rrsets = before
        raise


def _canonical(record: dict[str, Any]) -> dict[str, Any]:
    record["Name"] = record["Name"].replace("\\052", "*").strip(".").lower() + "."
    values = record.get("ResourceRecords")
    if values is not None:
        record["ResourceRecords"] = [one["Value"] if isinstance(one, dict) else one for one in values]
    return record


def _apply(zone: FakeZone, action: str, record: dict[str, Any]) -> None:
    if action not in ("CREATE", "UPSERT", "DELETE"):
        raise ApiError("InvalidInput", f"Invalid action {action}")
    _check_form(zone, record)
    there = [one for one in zone.rrsets if one.name.lower() == record["Name"]]
    same = [one for one in there if one.type == record["Type"] and one.set_identifier == record.get("SetIdentifier")]
    called = f"[name='{record['Name']}', type='{record['Type']}']"
    if action == "DELETE":
        if not same:
            raise _refused(f"Tried to delete resource record set {called} but it was not found")
        if not _alike(same[0], record):
            text = f"Tried to delete resource record set {called} but the values provided do not match the current values"
            raise _refused(text)
        zone.rrsets = [one for one in zone.rrsets if one is not same[0]]
        return
    if action == "CREATE" and same:
        raise _refused(f"Tried to create resource record set {called} but it already exists")
    _check_neighbours(record, there)
    _check_values(record)
    zone.upsert_rrset(record)


def _refused(text: str) -> ApiError:
    return ApiError("InvalidChangeBatch", f"[{text}]")


def _alike(found: Any, record: dict[str, Any]) -> bool:
    def plain(target: Any) -> Any:
        return target and {**target, "DNSName": target["DNSName"].strip(".").lower()}

    return (
        str(found.ttl or "") == str(record.get("TTL") or "")
        and sorted(found.records or []) == sorted(record.get("ResourceRecords") or [])
        and plain(found.alias_target) == plain(record.get("AliasTarget"))
    )


def _check_form(zone: FakeZone, record: dict[str, Any]) -> None:
    apex = zone.name.strip(".").lower() + "."
    name, kind = record["Name"], record["Type"]
    if name != apex and not name.endswith("." + apex):
        raise _refused(f"RRSet with DNS name {name} is not permitted in zone {apex}")
    plain = record.get("TTL") is not None and bool(record.get("ResourceRecords"))
    if plain == bool(record.get("AliasTarget")):
        text = "Expected exactly one of [AliasTarget, all of [TTL, and ResourceRecords], or TrafficPolicyInstanceId]"
        raise ApiError("InvalidInput", f"Invalid request: {text}")
    if kind == "CNAME" and name == apex:
        raise _refused(f"RRSet of type CNAME with DNS name {name} is not permitted at apex in zone {apex}")
    weight = record.get("Weight")
    if weight is not None and (not record.get("SetIdentifier") or not 0 <= int(weight) <= 255):
        raise ApiError("InvalidInput", "A weight is between 0 and 255 and needs a SetIdentifier")


def _check_neighbours(record: dict[str, Any], there: list[Any]) -> None:
    for one in there:
        if one.type != record["Type"] and "CNAME" in (one.type, record["Type"]):
            raise _refused(
                f"RRSet of type {record['Type']} with DNS name {record['Name']} is not permitted because a conflicting "
                f"RRSet of type {one.type} with the same DNS name already exists in zone"
            )
        if one.type == record["Type"] and bool(one.set_identifier) != bool(record.get("SetIdentifier")):
            raise _refused(
                f"RRSet with DNS name {record['Name']}, type {record['Type']} cannot be created as a non-weighted set "
                "exists with the same name and type, or the other way round"
            )


def _check_values(record: dict[str, Any]) -> None:
    versions = {"A": ipaddress.IPv4Address, "AAAA": ipaddress.IPv6Address}
    for value in record.get("ResourceRecords") or []:
        if record["Type"] in versions:
            try:
                versions[record["Type"]](value)
            except ValueError:
                raise _refused(f"Value '{value}' is not a valid IP address for type {record['Type']}") from None
        if record["Type"] == "TXT" and not (value.startswith('"') and value.endswith('"')):
            raise _refused(f"CharacterStringTooLong or unquoted: {value}")
    target = record.get("AliasTarget")
    if target and ".elb.amazonaws.com" in target["DNSName"] and target["HostedZoneId"] != _BALANCERS:
        raise _refused(
            f"Tried to create an alias that targets {target['DNSName']}, type {record['Type']} in zone "
            f"{target['HostedZoneId']}, but the alias target name does not lie within the target zone"
        )


def _list_resource_record_sets(original: Any) -> Any:
    def list_resource_record_sets(self: Any, zone_id: str, start_type: str, start_name: str, max_items: int) -> Any:
        """ListResourceRecordSets: names as AWS spells them, alias names with their dot."""
        start = start_name.replace("\\052", "*") if start_name else start_name
        records, next_name, next_type, truncated = original(self, zone_id, start_type, start, max_items)
        return [_spelled(record) for record in records], _escaped(next_name), next_type, truncated

    return list_resource_record_sets


def _escaped(name: str | None) -> str | None:
    return name.replace("*", "\\052") if name else name


def _spelled(record: Any) -> Any:
    shown = copy.copy(record)
    shown.name = _escaped(record.name)
    if record.alias_target:
        name = record.alias_target["DNSName"].strip(".").lower() + "."
        shown.alias_target = {**record.alias_target, "DNSName": name}
    return shown
