"""
CloudFormation's change sets: moto's make resources in no order, and neither outputs nor exports; a stack made directly has all. Besides,
what moto does not delete with a stack.
https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_ExecuteChangeSet.html
"""

from __future__ import annotations

from typing import Any

from moto.cloudformation.exceptions import CloudFormationError
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
        stack.resource_map.update(change_set.template_dict, _as_given(change_set))
        stack.template = change_set.template
        stack._parse_template()
    stack.output_map = stack._create_output_map()
    exports.update({export.name: export for export in stack.exports})


def _as_given(change_set: ChangeSet) -> dict[str, str]:
    """A value that is to stay as it was comes as it was resolved: of a parameter of SSM's that is not its name."""
    before = change_set.stack.resource_map.input_parameters
    kinds = change_set.template_dict.get("Parameters", {})
    return {
        name: before.get(name, value)
        for name, value in change_set.parameters.items()
        if name in before or not kinds.get(name, {}).get("Type", "").startswith("AWS::SSM::Parameter::")
    }


def _delete_routes(table: RouteTable, account_id: str, region_name: str) -> None:
    backend = ec2_backends[account_id][region_name]
    # The associations are resources of their own, which moto keeps here.
    table._associations.clear()
    backend.delete_route_table(table.id)


class ChangeSetNotFound(CloudFormationError):
    code = "ChangeSetNotFound"
    status_code = 404


def _of_name(backend: CloudFormationBackend, name: str) -> list[str]:
    return [key for key, known in backend.change_sets.items() if name in (key, known.change_set_name)]


def _describe_change_set(backend: CloudFormationBackend, change_set_name: str) -> ChangeSet:
    found = _of_name(backend, change_set_name)
    if not found:
        raise ChangeSetNotFound(f"ChangeSet [{change_set_name}] does not exist")
    return backend.change_sets[found[-1]]


def _delete_change_set(backend: CloudFormationBackend, change_set_name: str) -> None:
    """One that is not there is as good as deleted."""
    for key in _of_name(backend, change_set_name):
        del backend.change_sets[key]


def install() -> None:
    RouteTable.delete = _delete_routes  # type: ignore[attr-defined]
    CloudFormationBackend.describe_change_set = _describe_change_set  # type: ignore[method-assign]
    CloudFormationBackend.delete_change_set = _delete_change_set  # type: ignore[method-assign]
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
