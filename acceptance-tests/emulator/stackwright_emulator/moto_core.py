"""One repair to moto's core that concerns every service."""

from __future__ import annotations

from moto.core.responses import BaseResponse


def install() -> None:
    """Gives every answer its own list of left-out members.

    moto keeps `RESPONSE_KEY_PATH_TO_TRANSFORMER` on the class, so that one DescribeServices without `include=TAGS` can
    hide the tags from another request.
    """
    original = BaseResponse.__init__

    def init(self: BaseResponse, service_name: str | None = None) -> None:
        original(self, service_name)
        self.RESPONSE_KEY_PATH_TO_TRANSFORMER = dict(type(self).RESPONSE_KEY_PATH_TO_TRANSFORMER)

    BaseResponse.__init__ = init
