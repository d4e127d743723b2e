"""Evaluation of a role's trust policy: may this caller, under these circumstances, take the role?"""

from __future__ import annotations

from . import policies


def allows(document: str, action: str, principals: dict[str, set[str]], context: dict[str, str]) -> bool:
    """Whether the policy lets the principals (by kind: `AWS`, `Federated`) do the action. A Deny wins, as on AWS."""
    values = {key.lower(): [value] for key, value in context.items()}
    request = policies.Request(action, context=values, principals=principals)
    return policies.effects([policies.parse(document)], request) == {"Allow"}


def aws_principals(arn: str, account: str, role_arn: str | None) -> set[str]:
    """Every way in which a trust policy can name this caller."""
    names = {arn, account, f"arn:aws:iam::{account}:root"}
    return names | {role_arn} if role_arn else names
