"""Distances over sea: the one given from outside, those of the case, and laws of a shortest way."""

from __future__ import annotations

from itertools import product

import pytest

from kanrin.base import InputError, UnknownName
from kanrin.logistics import sea_distance, sea_path, sea_way
from made_plans import shipped

GIVEN = 0.05  # asked of Yokohama to Los Angeles, LINERLIB (Brouer et al. 2014)
OTHER = 0.02  # of another program's sea network, in routes.csv
SOME = ("JPYOK", "USLAX", "USNYC", "SGSIN", "NLRTM", "KRPUS")


def test_yokohama_to_los_angeles():
    assert sea_distance("JPYOK", "USLAX") == pytest.approx(4839.0, rel=GIVEN)


def test_every_pair_of_the_case():
    case = shipped()
    seen = {(r.us_port, r.jp_port): r for r in case.routes.values()}
    assert len(seen) == 60
    for route in seen.values():
        way = sea_way(case.ports[route.us_port].name, case.ports[route.jp_port].name)
        assert way.nautical_miles == pytest.approx(route.sea_nm, rel=OTHER), route.id
        assert way.canals == (("panama",) if route.via == "panama" else ())


@pytest.mark.parametrize(("a", "b"), list(product(SOME, SOME)))
def test_a_distance_is_a_distance(a, b):
    assert sea_distance(a, b) == pytest.approx(sea_distance(b, a), rel=1e-12)
    assert (sea_distance(a, b) == 0.0) == (a == b)
    for via in SOME:
        assert sea_distance(a, b) <= sea_distance(a, via) + sea_distance(via, b) + 1e-6


def test_a_closed_canal_is_no_shorter():
    for a, b in product(SOME, SOME):
        both, panama, none = (sea_distance(a, b, canals=c) for c in (("panama", "suez"), ("panama",), ()))
        assert both <= panama <= none
    assert sea_distance("SGSIN", "NLRTM", canals=()) > 1.3 * sea_distance("SGSIN", "NLRTM")
    assert sea_way("USLAX", "USNYC", canals=()).canals == ()


def test_a_path_begins_and_ends_at_its_ports():
    path = sea_path((33.75, -118.21), (35.03, 136.86))
    assert path[0] == (33.75, -118.21) and path[-1] == pytest.approx((35.03, 136.86))


def test_unknown_names_are_refused():
    with pytest.raises(UnknownName, match="Yokohma"):
        sea_distance("Yokohma", "USLAX")
    with pytest.raises(InputError, match="unknown canal 'kiel'"):
        sea_distance("JPYOK", "USLAX", canals=("kiel",))
