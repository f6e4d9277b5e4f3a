"""What a resource type of ours tells moto's CloudFormation, which looks for direct subclasses of its own model: so this is mixed in."""

from __future__ import annotations

from typing import Any


class Deployed:
    @staticmethod
    def cloudformation_name_type() -> str:
        return ""

    @classmethod
    def has_cfn_attr(cls, attr: str) -> bool:
        return True

    @classmethod
    def update_from_cloudformation_json(
        cls,
        original_resource: Any,
        new_resource_name: str,
        cloudformation_json: dict[str, Any],
        account_id: str,
        region_name: str,
    ) -> Any:
        """As it was: what nothing here changes by an update."""
        return original_resource

    def delete(self, account_id: str, region_name: str) -> None:
        """Goes with what it is of."""

    def is_created(self) -> bool:
        return True
