"""The mean of a network over its steps."""

from __future__ import annotations

import math

import pytest
import torch
from torch import nn

from shopkeeper.recommendations.session.average import RunningMean


def one_number() -> nn.Module:
    net = nn.Linear(1, 1, bias=False)
    with torch.no_grad():
        net.weight.fill_(7.0)
    return net


def walk(net: nn.Module, mean: RunningMean, places: list[float]) -> None:
    for place in places:
        for _ in range(10):
            with torch.no_grad():
                next(net.parameters()).fill_(place)
            mean.look()


def value(net: nn.Module) -> float:
    return float(next(net.parameters()).detach())


def test_the_first_looks_count_alike_and_where_it_began_counts_nothing() -> None:
    net = one_number()
    mean = RunningMean(net, 1e9)
    walk(net, mean, [1.0, 2.0, 6.0])
    mean.settle()
    assert value(net) == pytest.approx((1 + 2 + 6) / 3)


def test_a_look_counts_less_the_older_it_is() -> None:
    net = one_number()
    mean = RunningMean(net, 10.0)
    walk(net, mean, [0.0, 1.0, 0.0])
    mean.settle()
    newest = 1 - math.exp(-1)
    assert value(net) == pytest.approx(newest * (1 - newest))


def test_a_network_is_its_mean_only_for_the_while() -> None:
    net = one_number()
    mean = RunningMean(net, 1e9)
    walk(net, mean, [1.0, 3.0])
    with mean.in_place():
        assert value(net) == pytest.approx((1 + 3) / 2)
    assert value(net) == 3.0
    with mean.in_place():
        assert value(net) == pytest.approx((1 + 3) / 2)


def test_after_a_few_steps_alone_the_mean_is_where_the_network_stands() -> None:
    net = one_number()
    mean = RunningMean(net, 1e9)
    with torch.no_grad():
        next(net.parameters()).fill_(5.0)
    mean.look()
    mean.settle()
    assert value(net) == 5.0
