"""
CloudFormation's change sets: moto's make resources in no order, and neither outputs nor exports; a stack made directly has all. Besides,
what moto does not delete with a stack.
https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_ExecuteChangeSet.html
"""

from __future__ import annotations

from typing import Any

from moto.cloudformation.models import ChangeSet, CloudFormationBackend, cloudformation_backends
from moto.ec2.models import ec2_backends
from moto.ec2.models.route_tables import RouteTable


def _apply(change_set: ChangeSet) -> None:
    stack = change_set.stack
    exports = cloudformation_backends[stack.account_id][stack.region_name].exports
    stack.cross_stack_resources = exports
    if change_set.change_set_type == "CREATE":
        stack.template = change_set.template
        stack._parse_template()
        stack.parameters = change_set.parameters
        stack.resource_map = stack._create_resource_map()
        stack.create_resources()
    else:
        stack.resource_map.cross_stack_resources = exports
        stack.resource_map.update(change_set.template_dict, change_set.parameters)
        stack.template = change_set.template
        stack._parse_template()
    stack.output_map = stack._create_output_map()
    exports.update({export.name: export for export in stack.exports})


def _delete_routes(table: RouteTable, account_id: str, region_name: str) -> None:
    backend = ec2_backends[account_id][region_name]
    # The associations are resources of their own, which moto keeps here.
    table._associations.clear()
    backend.delete_route_table(table.id)


def install() -> None:
    RouteTable.delete = _delete_routes  # type: ignore[attr-defined]
    ChangeSet.apply = _apply  # type: ignore[method-assign]
    execute = CloudFormationBackend.execute_change_set

    def execute_change_set(backend: Any, *args: Any, **kwargs: Any) -> None:
        try:
            execute(backend, *args, **kwargs)
        except Exception as error:
            # The client sees a status of 500 and the reason in the launcher's log.
            print(f"a change set failed: {error!r}", flush=True)
            raise

    CloudFormationBackend.execute_change_set = execute_change_set  # type: ignore[method-assign]
