"""One metric of `/metrics`: a gauge with its samples."""

from __future__ import annotations

from collections.abc import Sequence

from prometheus_client.core import GaugeMetricFamily

Samples = Sequence[tuple[tuple[str, ...], float]]
"""Values of the labels, and the figure."""


def gauge(name: str, description: str, labels: list[str], samples: Samples) -> GaugeMetricFamily:
    """Return the metric. The client's own gauges would keep values of earlier requests."""
    family = GaugeMetricFamily(f"todoke_{name}", description, labels=labels)
    for values, value in samples:
        family.add_metric(values, value)
    return family
