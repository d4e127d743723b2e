"""Small pages on demand: cuts the answers of list and describe calls, so that a client's paging is exercised.

moto answers most lists whole, which hides a client that reads only the first page. botocore's paginator models say
which list an operation pages, and how its tokens are called; the cut is done on the finished answer.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, urlencode
from xml.etree import ElementTree

import cbor2
from moto.core.utils import get_pagination_model, get_service_model

from .call import Call
from .errors import ApiError, Reply

_TOKEN = re.compile(r"stackwright-page-(\d+)$")
# EC2 does not page an answer about explicit ids (`SubnetId.1`), only one about filters (`Filter.1.Name`).
_IDS = re.compile(r"(?!Filter\.)\w+(Id|Name)\.\d+$")


@dataclass
class Page:
    """One page of one operation's answer."""

    call: Call
    result_keys: list[str]
    input_token: str
    output_token: str
    limit_key: str | None
    more_results: str | None
    start: int
    size: int

    @classmethod
    def of(cls, call: Call, size: int | None) -> Page | None:
        """The page that the call asks for, or None when this call is not cut."""
        if not size or call.protocol not in ("json", "cbor", "ec2", "query"):
            return None
        try:
            model = get_pagination_model(call.service).get(call.action)
        except Exception:  # botocore has a type per kind of missing model
            return None
        if not model or (call.protocol == "ec2" and any(_IDS.match(key) for key in call.params)):
            return None
        result_keys = _all(model["result_key"]) if call.protocol == "cbor" else _all(model["result_key"])[:1]
        input_token, output_token = _first(model["input_token"]), _first(model["output_token"])
        if "." in result_keys[0] or "[" in output_token:
            return None
        limit_key = model.get("limit_key")
        asked = call.params.get(limit_key) if limit_key else None
        start = _start(call.params.get(input_token))
        more = model.get("more_results")
        wanted = min(size, int(asked)) if asked else size
        return cls(call, result_keys, input_token, output_token.split(" ")[0], limit_key, more, start, wanted)

    def strip(self, body: bytes) -> bytes:
        """The request without its page, so that moto answers the whole list."""
        paging = {self.input_token, self.limit_key}
        if self.call.protocol == "cbor":
            # The gateway makes the body anew from these.
            self.call.params = {key: value for key, value in self.call.params.items() if key not in paging}
            return body
        if self.call.protocol == "json":
            params = json.loads(body or b"{}")
            return json.dumps({key: value for key, value in params.items() if key not in paging}).encode()
        pairs = parse_qsl(body.decode(), keep_blank_values=True)
        return urlencode([(key, value) for key, value in pairs if key not in paging]).encode()

    def cut(self, reply: Reply) -> Reply:
        """The answer with only this page, and the token of the next."""
        cut = {"json": self._cut_json, "cbor": self._cut_cbor}.get(self.call.protocol, self._cut_xml)
        body = cut(reply.body)
        headers = [(key, value) for key, value in reply.headers if key.lower() != "content-length"]
        return Reply(reply.status, [*headers, ("Content-Length", str(len(body)))], body)

    def _next_token(self, count: int) -> str | None:
        end = self.start + self.size
        return f"stackwright-page-{end}" if end < count else None

    def _cut_json(self, body: bytes) -> bytes:
        values: dict[str, Any] = json.loads(body)
        self._cut_values(values)
        return json.dumps(values).encode()

    def _cut_cbor(self, body: bytes) -> bytes:
        values: dict[str, Any] = cbor2.loads(body)
        self._cut_values(values)
        return cbor2.dumps(values, datetime_as_timestamp=True)

    def _cut_values(self, values: dict[str, Any]) -> None:
        """Several lists in one answer share its pages, one after the other."""
        items = [(key, item) for key in self.result_keys for item in values.get(key) or []]
        page = items[self.start : self.start + self.size]
        for key in self.result_keys:
            if key in values:
                values[key] = [item for of, item in page if of == key]
        values.pop(self.output_token, None)
        token = self._next_token(len(items))
        if token:
            values[self.output_token] = token

    def _cut_xml(self, body: bytes) -> bytes:
        namespace = re.search(rb'xmlns="([^"]+)"', body)
        prefix = f"{{{namespace[1].decode()}}}" if namespace else ""
        if namespace:
            ElementTree.register_namespace("", namespace[1].decode())
        root = ElementTree.fromstring(body)
        result = root.find(f"{prefix}{self.call.action}Result")
        result = root if result is None else result
        listed = result.find(f"{prefix}{self._xml_name(self.result_keys[0])}")
        items = list(listed) if listed is not None else []
        for index, item in enumerate(items):
            if not self.start <= index < self.start + self.size:
                listed.remove(item)
        token = self._next_token(len(items))
        self._set(result, prefix, self.output_token, token)
        if self.more_results:
            self._set(result, prefix, self.more_results, "true" if token else "false")
        return ElementTree.tostring(root, encoding="utf-8", xml_declaration=True)

    def _set(self, result: ElementTree.Element, prefix: str, member: str, text: str | None) -> None:
        tag = prefix + self._xml_name(member)
        for old in result.findall(tag):
            result.remove(old)
        if text is not None:
            ElementTree.SubElement(result, tag).text = text

    def _xml_name(self, member: str) -> str:
        shape = get_service_model(self.call.service).operation_model(self.call.action).output_shape
        return shape.members[member].serialization.get("name", member)


def _all(value: Any) -> list[str]:
    return value if isinstance(value, list) else [value]


def _first(value: Any) -> str:
    return value[0] if isinstance(value, list) else value


def _start(token: str | None) -> int:
    if token is None:
        return 0
    match = _TOKEN.match(token)
    if not match:
        raise ApiError("InvalidParameterException", "the token is not one of this emulator's")
    return int(match[1])
