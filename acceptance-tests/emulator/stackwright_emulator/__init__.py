"""An AWS emulator for Stackwright's acceptance tests: moto, made strict, observable and able to fail.

Plain `moto_server` accepts what AWS refuses, forgets half of what an ECS service is told, answers every wait at once
and turns what it lacks into an HTML 500. This package imports moto (no fork), patches those places and puts a gateway
before it that knows who calls, injects faults, writes down every call and can show the end state of an account.

The modules, from the outside in:

* `server` binds the port; `control` answers `/_stackwright/*`; `gateway` takes an AWS call through all its stages.
* `call`, `errors`, `cbor` speak the AWS protocols.
* `accounts`, `trust`, `sts` decide who the caller is and which role it may take.
* `judge` decides what the caller may do: `iam_requests` says what a call asks for, `authorization` what AWS publishes
  about it, `resource_tags` what a policy can test, and `policies` evaluates.
* `faults`, `calls`, `settings`, `pagination`, `unimplemented` are what a test can steer or ask.
* `ecs_services`, `ecs_tasks`, `ecs_targets`, `ecs_play`, `ecs_api`, `ecs_clusters`, `ecs_task_definitions`, `cloudwatch`,
  `network_interfaces`, `rds_rules`, `rds_events`, `rds_play` and the `gaps_*` modules make moto behave like AWS; `plays` is what the plays share.
* `quicker` keeps what moto works out again and again.
* `outside` and `dump` look at an account as an ordinary AWS client.
"""

from __future__ import annotations


def install_patches() -> None:
    """Makes moto behave like AWS where it does not. Has to run after the environment is set, as it imports moto."""
    from . import (
        cloudwatch,
        ecs_api,
        ecs_clusters,
        ecs_task_definitions,
        event_patterns,
        gaps_acm,
        gaps_anomaly_detectors,
        gaps_autoscaling,
        gaps_elbv2_targets,
        gaps_events,
        gaps_flow_logs,
        gaps_iam,
        gaps_ipv6,
        gaps_load_balancers,
        gaps_logs,
        gaps_metric_filters,
        gaps_network,
        gaps_rds,
        gaps_rds_groups,
        gaps_route53,
        gaps_scheduler,
        gaps_secrets,
        gaps_security_groups,
        gaps_servicediscovery,
        gaps_tagging,
        gaps_vpc_endpoints,
        moto_core,
        network_interfaces,
        quicker,
        rds_events,
        sts,
    )

    for module in (
        moto_core,
        quicker,
        sts,
        gaps_acm,
        gaps_autoscaling,
        gaps_elbv2_targets,
        gaps_iam,
        gaps_load_balancers,
        gaps_logs,
        gaps_network,
        gaps_ipv6,
        gaps_vpc_endpoints,
        gaps_flow_logs,
        network_interfaces,
        gaps_rds,
        gaps_rds_groups,
        rds_events,
        gaps_route53,
        gaps_events,
        event_patterns,
        gaps_scheduler,
        gaps_secrets,
        gaps_security_groups,
        gaps_servicediscovery,
        gaps_metric_filters,
        gaps_anomaly_detectors,
        gaps_tagging,
        cloudwatch,
        ecs_clusters,
        ecs_task_definitions,
        ecs_api,
    ):
        module.install()
