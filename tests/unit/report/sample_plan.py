"""A plan made by hand: the size and shape of a true answer, every name of the contract used at least once."""

from __future__ import annotations

import copy
from typing import Any

Answer = dict[str, Any]

CAMRY, HIGHLANDER = "toyota_camry_hybrid", "toyota_highlander_hybrid"
TUNDRA, SIENNA = "toyota_tundra", "toyota_sienna"


def interval(mean: float, p10: float, p50: float, p90: float) -> dict[str, float]:
    return {"mean": mean, "p10": p10, "p50": p50, "p90": p90}


def waterfall(exworks: float, price: float, litres: float) -> list[dict[str, Any]]:
    """Lines from factory gate to the road; the maker's margin closes the sum to `price`."""
    lines: list[dict[str, Any]] = []

    def add(line: str, label: str, amount: float, kind: str, key: str, source: str, **more: Any) -> float:
        lines.append(
            {
                "line": line,
                "base": more.get("base"),
                "rate": more.get("rate"),
                "amount_jpy": float(amount),
                "kind": kind,
                "source": source,
                "key": key,
                "label": label,
                "note": more.get("note", ""),
            }
        )
        return float(amount)

    fx = 159.0
    fob = add(
        "exworks",
        "Factory gate",
        exworks * fx,
        "assumption",
        "cost.exworks_share_of_msrp",
        "kanrin.derived",
        base=exworks / 0.7,
        rate=0.7,
        note="share of the U.S. list price",
    )
    fob += add("inland", "Rail to Long Beach", 720 * fx, "estimate", "inland.rail_usd", "al.toyota_ports")
    add("fob", "FOB", fob, "subtotal", "", "")
    cif = fob + add(
        "ocean", "Ocean freight", 80.7 * 12.4 * fx, "fact", "freight.usd_per_m3", "baird.hoegh_2026_02"
    )
    cif += add(
        "insurance",
        "Marine insurance",
        cif * 0.0033,
        "assumption",
        "insurance.rate",
        "kanrin.derived",
        base=cif * 1.1,
        rate=0.003,
    )
    add("cif", "CIF, the customs value", cif, "subtotal", "", "")
    landed = cif + add(
        "duty", "Customs duty", 0.0, "fact", "jp.customs.hs8703.mfn", "jama.mioj2020", base=cif, rate=0.0
    )
    landed += add(
        "modification",
        "Changes for the pathway",
        141_000,
        "assumption",
        "mod.navigation_telematics_jpy",
        "itmedia.amber",
        note="navigation in Japanese, speedometer, mark on the rear",
    )
    landed += add(
        "pdi", "Inspection before delivery", 45_000, "assumption", "pdi.jpy_per_vehicle", "kanrin.derived"
    )
    add("landed", "Landed cost", landed, "subtotal", "", "")
    before_tax = (price - 58_000 - litres) / 1.1
    dealer = 0.11 * before_tax
    distributor = 0.04 * (before_tax - dealer)
    margin = before_tax - dealer - distributor - landed
    add(
        "margin",
        "Maker's margin",
        margin,
        "estimate",
        "unit_margin_jpy",
        "estimate.first",
        note="from the price equilibrium",
    )
    add(
        "distributor",
        "Distributor",
        distributor,
        "assumption",
        "distributor.margin",
        "kanrin.derived",
        rate=0.04,
    )
    add(
        "dealer",
        "Dealer",
        dealer,
        "assumption",
        "dealer.margin",
        "kanrin.derived",
        base=before_tax,
        rate=0.11,
    )
    add("before_tax", "Price before tax", before_tax, "subtotal", "", "")
    add(
        "tax",
        "Consumption tax",
        0.1 * before_tax,
        "fact",
        "jp.consumption_tax.rate",
        "jama.mioj2020",
        base=before_tax,
        rate=0.1,
    )
    add("tonnage", "Tonnage tax", litres, "fact", "jp.tonnage_tax.jpy_per_half_tonne", "wms.fy2026")
    add("levies", "Recycling and registration", 58_000, "derived", "", "kanrin.derived")
    add("subsidy", "Clean-vehicle subsidy", -40_000, "fact", "jp.cev_subsidy", "wms.fy2026")
    add("carrying", "Carrying cost of stock", 40_000, "derived", "capital.annual_rate", "kanrin.derived")
    add("otr", "On the road", price, "subtotal", "", "")
    return lines


def found(value: float, error: float) -> dict[str, float]:
    return {"value": value, "error": error}


RISK: Answer = {
    "words": [
        "One chance in four (24 %) of a loss; in the worst tenth of cases the loss averages ¥1.1 billion.",
        "It just pays at 1,900 cars a year in place of 5,400.",
    ],
    "probability_of_loss": found(0.24, 0.02),
    "worst_tenth_jpy": found(-1.1e9, 9e7),
    "worst_twentieth_jpy": found(-1.4e9, 1.1e8),
    "outcomes_jpy": [-1.5e9, -0.6e9, 0.2e9, 0.9e9, 1.6e9, 2.4e9, 4.1e9, 7.7e9],
    "lineups": [
        {
            "models": models,
            "mean_jpy": found(mean, 8e7),
            "p10_jpy": found(mean - 2e9, 9e7),
            "p50_jpy": found(mean - 3e8, 9e7),
            "p90_jpy": found(mean + 3e9, 2e8),
            "probability_of_loss": found(0.24, 0.02),
            "worst_tenth_jpy": found(-1.1e9, 9e7),
            "worst_twentieth_jpy": found(-1.4e9, 1.1e8),
            "behind_jpy": found(1.9e9 - mean, 5e7),
            "behind_in_worst_tenth_jpy": found(0.0, 5e7),
            "on_frontier": mean > 1.5e9,
        }
        for models, mean in (([CAMRY, HIGHLANDER], 1.9e9), ([CAMRY], 1.2e9))
    ],
    "break_even": [
        {
            "key": key,
            "label": label,
            "unit": "JPY per USD",
            "value": 159.0,
            "low": 135.0,
            "high": 180.0,
            "at": at,
            "error": 4.0,
            "searched": [80.0, 350.0],
            "is_within": at is not None,
            "text": "just pays at 174",
        }
        for key, label, at in (
            ("fx.usd_jpy", "exchange rate", 174.0),
            ("freight.usd_per_m3", "freight", None),
        )
    ],
    "break_even_units": {"planned": 5400.0, "at": found(1900.0, 150.0)},
    "break_even_price_share": {"planned": 1.0, "at": found(0.9, 0.0)},
    "events": [
        {
            "event": "ocean_freight_shock",
            "question": "Does ocean freight move?",
            "outcome": "up 25",
            "probability": 0.2,
            "profit_jpy": 1.7e9,
            "change_jpy": found(-2e8, 3e7),
        }
    ],
    "information": {
        "perfect_jpy": found(6e8, 5e7),
        "lineups": 16,
        "inputs": [
            {
                "input": name,
                "kind": "appeal" if name == CAMRY else "key",
                "label": label,
                "perfect_jpy": found(worth, 4e7),
                "study_jpy": found(0.6 * worth, 3e7),
                "turns": 0.2,
            }
            for name, label, worth in (
                (CAMRY, "how well buyers like the Camry Hybrid", 3e8),
                ("fx.usd_jpy", "exchange rate", 0.0),
            )
        ],
    },
    "staged": {
        "years": 1.0,
        "full": [CAMRY, HIGHLANDER],
        "full_jpy": found(2e9, 9e7),
        "pilots": [
            {
                "models": [CAMRY],
                "name": "the Camry Hybrid",
                "profit_jpy": found(1.7e9, 8e7),
                "gained_jpy": found(-3e8, 6e7),
                "expands": 0.6,
                "quits": 0.2,
            }
        ],
    },
}

GAPS = [
    {
        "requirement": "Rear turn signal colour",
        "treatment": "deemed",
        "cost_jpy": 0.0,
        "basis": "fact",
        "source": "itmedia.amber",
        "note": "met where the model already has amber",
    },
    {
        "requirement": "Navigation and telematics",
        "treatment": "modify",
        "cost_jpy": 80000.0,
        "basis": "assumption",
        "source": "kanrin.derived",
        "note": "Japanese unit or software",
    },
    {
        "requirement": "Mark on the rear",
        "treatment": "document",
        "cost_jpy": 1000.0,
        "basis": "assumption",
        "source": "carwatch.58_3",
        "note": "",
    },
]

ROUTE_TEXT = {
    CAMRY: "Georgetown KY, rail to Long Beach, ship to Nagoya, 35 days",
    HIGHLANDER: "Princeton IN, rail to Long Beach, ship to Nagoya, 36 days",
}


def choice(model: str, name: str, **over: Any) -> dict[str, Any]:
    base: dict[str, Any] = {
        "model": model,
        "name": name,
        "pathway": "us_made_certification",
        "pathway_name": "Certification of U.S.-made passenger cars (Article 58-3)",
        "pathway_reason": "The cheapest of three feasible pathways at this volume: ¥15 million "
        "once and ¥15,000 a car, "
        "in force since 2026-02-16.",
        "pathways_not_taken": [
            {
                "pathway": "php",
                "name": "Preferential handling procedure for imports",
                "reason": "¥60,000 a car more in inspection and modification; capped at 5,000 a "
                "type and year.",
            },
            {
                "pathway": "type_designation",
                "name": "Type designation",
                "reason": "¥120 million and a year of tests, mostly on pedestrian protection.",
            },
        ],
        "certification": {
            "fixed_jpy": 15e6,
            "per_unit_jpy": 96000.0,
            "lead_time_months": 5,
            "lead_time_low": 2,
            "lead_time_high": 9,
            "cap": None,
            "gaps": copy.deepcopy(GAPS),
        },
        "route_text": ROUTE_TEXT[model],
        "comparables": ["Toyota Camry (until 2023)", "Honda Accord"],
        "warnings": [],
        "outside_support": [],
        "xi": {
            "mean": -0.4,
            "sd": 0.8,
            "parts": [{"name": "brand", "value": 0.6}, {"name": "left-hand drive", "value": -1.2}],
            "shifts": [{"label": "-0.5 sd", "units_mean": 2300.0}, {"label": "-1 sd", "units_mean": 1600.0}],
        },
    }
    return {**base, **over}


DECISION = [
    choice(
        CAMRY,
        "Toyota Camry Hybrid (LE hybrid FWD)",
        units=interval(3100.0, 900.0, 2400.0, 6700.0),
        price_jpy=5_182_000.0,
        list_price_jpy=5_050_000.0,
        landed_cost_jpy=4_049_000.0,
        unit_margin_jpy=231_000.0,
        profit_jpy=interval(1.02e9, -0.61e9, 0.74e9, 3.3e9),
        probability_of_loss=0.24,
        probability_of_loss_se=0.03,
        break_even_units=1340.0,
        break_even_jpy_per_usd=171.4,
        route="georgetown_ky.long_beach.nagoya",
        route_days=35.2,
        drive="left",
        rivals_met=[
            {"model": "honda_accord", "firm": "Honda", "list_price_jpy": 5_599_400.0, "diversion": 0.06},
            {
                "model": "toyota_crown_sedan",
                "firm": "Toyota",
                "list_price_jpy": 5_900_000.0,
                "diversion": 0.05,
            },
            {"model": "toyota_prius", "firm": "Toyota", "list_price_jpy": 3_700_000.0, "diversion": 0.04},
        ],
        own_price_elasticity=-4.3,
        plant="Georgetown",
        plant_share=0.006,
    ),
    choice(
        HIGHLANDER,
        "Toyota Highlander Hybrid (XLE hybrid AWD)",
        units=interval(2300.0, 500.0, 1600.0, 5300.0),
        price_jpy=7_940_000.0,
        list_price_jpy=7_790_000.0,
        landed_cost_jpy=6_120_000.0,
        unit_margin_jpy=402_000.0,
        profit_jpy=interval(1.51e9, -0.7e9, 0.9e9, 4.8e9),
        probability_of_loss=0.29,
        probability_of_loss_se=0.032,
        break_even_units=980.0,
        break_even_jpy_per_usd=None,
        route="princeton_in.long_beach.nagoya",
        route_days=36.4,
        drive="right",
        rivals_met=[
            {"model": "lexus_rx", "firm": "Toyota", "list_price_jpy": 6_680_000.0, "diversion": 0.05},
            {"model": "mazda_cx_80", "firm": "Mazda", "list_price_jpy": 5_400_000.0, "diversion": 0.04},
            {
                "model": "mitsubishi_outlander",
                "firm": "Mitsubishi",
                "list_price_jpy": 5_900_000.0,
                "diversion": 0.03,
            },
        ],
        outside_support=["width 1.93 m; widest sold in volume 1.92 m (Lexus LX)"],
        own_price_elasticity=-3.6,
        plant="Princeton",
        plant_share=0.01,
        comparables=[],
        warnings=["The Highlander hybrid may end in Indiana with model year 2027."],
    ),
]

SENSITIVITY = [
    {
        "key": "fx.usd_jpy",
        "label": "Yen per dollar",
        "value": 159.0,
        "low": 140.0,
        "high": 180.0,
        "unit": "JPY per USD",
        "profit_low_jpy": 5.9e9,
        "profit_high_jpy": -0.6e9,
        "swing_jpy": 6.5e9,
        "flips_at": 174.0,
        "flips_to": "bring nothing over",
        "text": "JPY per USD: today 159 · flips at 174",
    },
    {
        "key": "launch.marketing_jpy_per_model",
        "label": "Launch and marketing",
        "value": 5e8,
        "low": 1e8,
        "high": 2e9,
        "unit": "JPY per model",
        "profit_low_jpy": 3.3e9,
        "profit_high_jpy": -0.4e9,
        "swing_jpy": 3.7e9,
        "flips_at": 1.7e9,
        "flips_to": "leave the Camry",
        "text": "JPY per model: today ¥500 million · flips at ¥1.7 billion",
    },
    {
        "key": "plan.horizon_years",
        "label": "Years of sale",
        "value": 4,
        "low": 2,
        "high": 7,
        "unit": "years",
        "profit_low_jpy": 0.5e9,
        "profit_high_jpy": 4.2e9,
        "swing_jpy": 3.7e9,
        "flips_at": None,
        "flips_to": None,
        "text": "years: today 4 · does not flip between 2 and 7",
    },
    {
        "key": "cost.exworks_share_of_msrp",
        "label": "Factory gate share of the U.S. list price",
        "value": 0.82,
        "low": 0.76,
        "high": 0.88,
        "unit": "fraction of MSRP",
        "profit_low_jpy": 4.0e9,
        "profit_high_jpy": 0.9e9,
        "swing_jpy": 3.1e9,
        "flips_at": None,
        "flips_to": None,
        "text": "share: today 0.82 · does not flip between 0.76 and 0.88",
    },
    {
        "key": "dealer.margin",
        "label": "Dealer margin",
        "value": 0.11,
        "low": 0.08,
        "high": 0.15,
        "unit": "fraction of price before tax",
        "profit_low_jpy": 3.2e9,
        "profit_high_jpy": 1.5e9,
        "swing_jpy": 1.7e9,
        "flips_at": None,
        "flips_to": None,
        "text": "share: today 0.11 · does not flip between 0.08 and 0.15",
    },
    {
        "key": "insurance.rate",
        "label": "Marine insurance",
        "value": 0.003,
        "low": 0.0005,
        "high": 0.006,
        "unit": "fraction of insured value",
        "profit_low_jpy": 2.6e9,
        "profit_high_jpy": 2.4e9,
        "swing_jpy": 2e8,
        "flips_at": None,
        "flips_to": None,
        "text": "rate: today 0.003 · does not flip between 0.0005 and 0.006",
    },
]

RULES = [
    {
        "key": "jp.us_made_certification.available",
        "label": "Certification of U.S.-made cars",
        "value": 1,
        "unit": "1 yes, 0 no",
        "effective_from": "2026-02-16",
        "effective_to": None,
        "status": "in_force",
        "known_from": "2026-02-16",
        "source": "carwatch.58_3",
        "used": True,
        "note": "Safety Regulations Art. 58-3",
    },
    {
        "key": "jp.customs.hs8703.mfn",
        "label": "Customs duty on passenger cars",
        "value": 0,
        "unit": "fraction of customs value",
        "effective_from": "1978-03-01",
        "effective_to": None,
        "status": "in_force",
        "known_from": "1978-03-01",
        "source": "jama.mioj2020",
        "used": True,
        "note": "",
    },
    {
        "key": "jp.consumption_tax.rate",
        "label": "Consumption tax",
        "value": 0.1,
        "unit": "fraction of tax-exclusive value",
        "effective_from": "2019-10-01",
        "effective_to": None,
        "status": "in_force",
        "known_from": "2016-11-28",
        "source": "jama.mioj2020",
        "used": True,
        "note": "",
    },
    {
        "key": "jp.environmental_performance_levy.max_rate",
        "label": "Environmental performance levy",
        "value": 0.0,
        "unit": "fraction of acquisition value",
        "effective_from": "2026-04-01",
        "effective_to": None,
        "status": "in_force",
        "known_from": "2025-12-26",
        "source": "wms.fy2026",
        "used": False,
        "note": "abolished",
    },
]

PENDING = [
    {
        "key": "jp.tonnage_tax.ev_surcharge_per_year_jpy",
        "value": 6500,
        "unit": "JPY per vehicle per year",
        "effective_from": "2028-05-01",
        "status": "considered",
        "known_from": "2025-12-19",
        "source": "fnn.ev_weight",
        "text": "Extra weight tax for electric and plug-in cars, planned from 2028-05-01; no "
        "car of this plan pays it.",
    },
    {
        "key": "jp.tonnage_tax.quarter_cut_threshold",
        "value": 0.85,
        "unit": "fraction of the FY2030 fuel-economy standard",
        "effective_from": "2027-05-01",
        "status": "announced",
        "known_from": "2026-01-01",
        "source": "wms.fy2026",
        "text": "The quarter cut of the tonnage tax asks for 85 % of the standard from 2027-05-01.",
    },
]

CALENDAR = [
    (
        "C001",
        "2013-05-10",
        "MLIT",
        "",
        "PHP cap raised from 2,000 to 5,000 vehicles a type",
        "jp.php.cap_per_type",
        "in_force",
        "mlit.php2013",
    ),
    (
        "C003",
        "2019-10-01",
        "Japan",
        "",
        "consumption tax 10 percent",
        "jp.consumption_tax.rate",
        "in_force",
        "jama.mioj2020",
    ),
    (
        "C020",
        "2025-05-22",
        "Japanese side",
        "Jiji Press",
        "mutual recognition of safety standards proposed",
        "jp.us_made_certification.available",
        "reported",
        "nippon.jiji_2025_05",
    ),
    (
        "C031",
        "2025-07-23",
        "White House",
        "",
        "Japan to accept U.S.-made, U.S.-certified cars with no further test",
        "jp.us_made_certification.commitment",
        "announced",
        "fr.eo14345",
    ),
    (
        "C041",
        "2025-10-27",
        "MLIT",
        "Nikkei",
        "document-only certification under study",
        "jp.us_made_certification.available",
        "considered",
        "nippon.jiji_2025_05",
    ),
    (
        "C047",
        "2025-12-19",
        "Toyota",
        "Kyodo",
        "Camry, Highlander and Tundra to be sold in Japan from 2026",
        "launch.toyota",
        "announced",
        "japantoday.toyota",
    ),
    (
        "C055",
        "2026-02-11",
        "MLIT sources",
        "Kyodo",
        "star sticker to be required",
        "jp.us_made_certification.rear_mark_required",
        "reported",
        "kobe.kyodo",
    ),
    (
        "C056",
        "2026-02-16",
        "MLIT",
        "Car Watch",
        "certification of U.S.-made passenger cars, Article 58-3",
        "jp.us_made_certification.available",
        "in_force",
        "carwatch.58_3",
    ),
    (
        "C066",
        "2026-04-01",
        "Japan",
        "wms.or.jp",
        "environmental levy gone",
        "jp.environmental_performance_levy.max_rate",
        "in_force",
        "wms.fy2026",
    ),
]

ASSUMPTIONS = [
    ("fx.usd_jpy", 159.0, 140, 180, "JPY per USD", "last monthly average held", "fx.h10", True),
    (
        "launch.marketing_jpy_per_model",
        5e8,
        1e8,
        2e9,
        "JPY per model",
        "small launch with events and media",
        "",
        False,
    ),
    ("plan.horizon_years", 4, 2, 7, "years", "life left in the model generation", "", False),
    (
        "insurance.rate",
        0.003,
        0.0005,
        0.006,
        "fraction of insured value",
        "guides give 0.05-0.5 percent",
        "",
        False,
    ),
    (
        "dealer.margin",
        0.11,
        0.08,
        0.15,
        "fraction of price before tax",
        "reports of listed dealers",
        "",
        False,
    ),
    ("distributor.margin", 0.04, 0.02, 0.06, "fraction of price", "by analogy with importers", "", False),
    (
        "cost.exworks_share_of_msrp",
        0.82,
        0.76,
        0.88,
        "fraction of MSRP",
        "margins of U.S. dealers and maker",
        "",
        False,
    ),
]

SOURCES = [
    (
        "carwatch.58_3",
        "Car Watch (Impress)",
        "MLIT creates certification of U.S.-made passenger cars",
        "2026-02-17",
        "https://car.watch.impress.co.jp/docs/news/2080616.html",
    ),
    (
        "fr.eo14345",
        "Federal Register",
        "Executive Order 14345, 90 FR 43535",
        "2025-09-09",
        "https://www.govinfo.gov/content/pkg/FR-2025-09-09/html/2025-17389.htm",
    ),
    (
        "jama.mioj2020",
        "JAMA",
        "The Motor Industry of Japan 2020, tax table",
        "2020",
        "http://www.jama.or.jp/industry/ebook",
    ),
    (
        "itmedia.amber",
        "ITmedia nlab",
        "ウインカーの色 <script>alert('x')</script>",
        "2020-05-04",
        "https://nlab.itmedia.co.jp/cont/articles/3303959",
    ),
    ("wms.fy2026", "wms.or.jp", "FY2026 tax reform note no. 6", "2026", "https://wms.or.jp/news/"),
    ("fx.h10", "Federal Reserve H.10", "Monthly average JPY per USD", "2026-07-21", "javascript:alert(1)"),
    (
        "al.toyota_ports",
        "Automotive Logistics",
        "Toyota to export three U.S.-made vehicles to Japan",
        "2025-12",
        "https://www.automotivelogistics.media/vehicle-logistics/2581708",
    ),
    ("kanrin.derived", "Kanrin data pack", "Arithmetic on rows of this pack", "2026-11-24", ""),
    ("estimate.first", "Kanrin data pack", "First demand estimate", "2026-11-24", ""),
]

FIGURES = {
    "never.linked": {
        "value": 1.0,
        "unit": "",
        "kind": "fact",
        "source": "",
        "label": "",
        "note": "",
        "chain": [],
    },
    "fx.usd_jpy": {
        "value": 159.0,
        "unit": "JPY per USD",
        "kind": "assumption",
        "source": "fx.h10",
        "label": "Yen per dollar",
        "note": "set by the user",
        "chain": [],
    },
    "jp.consumption_tax.rate": {
        "value": 0.1,
        "unit": "fraction of tax-exclusive value",
        "kind": "fact",
        "source": "jama.mioj2020",
        "label": "Consumption tax",
        "note": "",
        "chain": [],
    },
    f"decision.{CAMRY}.price_jpy": {
        "value": 5_182_000.0,
        "unit": "JPY per vehicle",
        "kind": "derived",
        "source": "",
        "label": "Camry Hybrid, price on the road",
        "note": "",
        "chain": ["fx.usd_jpy", "jp.consumption_tax.rate", "estimate.first"],
    },
    f"decision.{CAMRY}.units": {
        "value": 3100.0,
        "unit": "vehicles per year",
        "kind": "estimate",
        "source": "estimate.first",
        "label": "Camry Hybrid, cars a year",
        "note": "",
        "chain": [f"decision.{CAMRY}.price_jpy"],
    },
    "total.profit_jpy": {
        "value": 2.53e9,
        "unit": "JPY",
        "kind": "estimate",
        "source": "",
        "label": "Profit of the plan",
        "note": "4 years, discounted",
        "chain": ["plan.horizon_years"],
    },
    "trade.balance_change_usd": {
        "value": 1.62e8,
        "unit": "USD per year",
        "kind": "estimate",
        "source": "",
        "label": "Change of the balance",
        "note": "",
        "chain": [],
    },
}


def sample_plan() -> Answer:
    """A fresh copy of the whole answer: two cars brought over, two left at home."""
    answer: Answer = {
        "schema": "https://kanrin.invalid/plan-1.json",
        "kanrin": {"version": "0.1.0"},
        "question": {
            "case": "us-japan",
            "case_title": "U.S.-built cars in Japan",
            "on": "2026-04-01",
            "known_on": "2026-04-01",
            "maker": "Toyota",
            "seed": 1,
            "draws": 200,
            "candidates": [CAMRY, HIGHLANDER, TUNDRA, SIENNA],
            "overrides": {"fx.usd_jpy": "159"},
            "end_of_law": "refuse",
            "run_id": "k1-3f9a2c1b77d0",
            "command": "kanrin plan us-japan --on 2026-04-01 --maker Toyota --set "
            "fx.usd_jpy=159 --draws 200 --seed 1",
            "sentence": "Which of its U.S.-built cars should Toyota sell in Japan, under the "
            "law in force on 2026-04-01?",
        },
        "answer": "Bring over the Camry Hybrid and the Highlander Hybrid: 5,400 cars a year (80 "
        "%: 1,900 to 12,000), "
        "profit ¥2.5 billion over 4 years (80 %: −¥0.9 to ¥7.4 billion), one chance in four of a loss.",
        "decision": DECISION,
        "total": {
            "units": interval(5400.0, 1900.0, 4500.0, 12000.0),
            "profit_jpy": interval(2.53e9, -0.9e9, 1.9e9, 7.4e9),
            "probability_of_loss": 0.25,
            "probability_of_loss_se": 0.031,
            "profit_se_jpy": 1.9e8,
            "annual_profit_jpy": interval(1.1e9, 0.2e9, 0.9e9, 2.4e9),
            "fixed_costs_jpy": 1.13e9,
            "years": 4,
            "discount_rate": 0.08,
        },
        "bridge": [
            {"step": "New sales", "amount_jpy": 6.1e9, "note": "margin on 5,400 cars a year"},
            {
                "step": "Lost own sales",
                "amount_jpy": -2.1e9,
                "note": "Crown, Harrier and others give up 1,900 a year",
            },
            {"step": "Home market", "amount_jpy": -0.34e9, "note": "cars not sold in the United States"},
            {
                "step": "Fixed costs",
                "amount_jpy": -1.13e9,
                "note": "certification, launch, Japanese software",
            },
            {"step": "Total", "amount_jpy": 2.53e9, "note": ""},
        ],
        "alternatives": [
            {
                "models": [HIGHLANDER],
                "names": ["Highlander Hybrid"],
                "profit_jpy": {"mean": 1.6e9, "p10": -0.6e9, "p90": 4.9e9},
                "gives_up_jpy": 0.93e9,
                "gives_up_se_jpy": 1.1e8,
                "note": "leaves the Camry at home",
            },
            {
                "models": [],
                "names": [],
                "profit_jpy": {"mean": 0.0, "p10": 0.0, "p90": 0.0},
                "gives_up_jpy": 2.53e9,
                "gives_up_se_jpy": 1.9e8,
                "note": "bring nothing over",
            },
        ],
        "rejected": [
            {
                "model": TUNDRA,
                "name": "Toyota Tundra (Limited)",
                "reason": "Sells about 900 cars a year, too few for ¥0.9 billion of launch and "
                "pedestrian redesign; length "
                "outside what the market has seen.",
                "profit_if_added_jpy": -6.2e8,
                "units_if_added": 900.0,
            },
            {
                "model": SIENNA,
                "name": "Toyota Sienna (XLE FWD)",
                "reason": "Half its buyers would come from the Alphard and Voxy, which earn more a car.",
                "profit_if_added_jpy": None,
                "units_if_added": None,
            },
        ],
        "market": {
            "own_units_lost": 1900.0,
            "rivals_units_lost": 2650.0,
            "outside_units_gained_from": 850.0,
            "own_lost": [
                {"model": "Toyota Crown", "units": 510.0},
                {"model": "Toyota Harrier", "units": 430.0},
                {"model": "Toyota Alphard", "units": 260.0},
                {"model": "Lexus NX", "units": 150.0},
            ],
            "rivals_lost": [
                {"model": "Mazda CX-80", "firm": "Mazda", "units": 240.0},
                {"model": "Honda Accord", "firm": "Honda", "units": 190.0},
                {"model": "Nissan X-Trail", "firm": "Nissan", "units": 170.0},
            ],
            "firms": [
                {"firm": "Toyota", "units_change": 3500.0, "profit_change_jpy": 1.1e9},
                {"firm": "Honda", "units_change": -620.0, "profit_change_jpy": -3.1e8},
                {"firm": "Mazda", "units_change": -540.0, "profit_change_jpy": -2.9e8},
            ],
            "prices_moved": [
                {"model": "Toyota Crown", "firm": "Toyota", "change_jpy": 4200.0},
                {"model": "Mazda CX-80", "firm": "Mazda", "change_jpy": -1800.0},
            ],
            "consumer_surplus_jpy": {"mean": 4.1e9, "p10": 1.1e9, "p90": 9.6e9},
            "consumer_surplus_lowest_alpha_share": 0.02,
            "tax_revenue_jpy": 9.0e8,
            "elasticities": {"median_own": -4.1, "p5": -6.2, "p95": -2.7, "aggregate": -0.9},
            "market_size": 61.3e6,
            "negative_costs": ["Suzuki Alto: recovered cost below zero"],
            "inversion_residual": 3.1e-14,
        },
        "trade": {
            "balance_change_usd": {"mean": 1.62e8, "p10": 5.6e7, "p90": 3.7e8},
            "share_of_deficit": 0.0024,
            "deficit_usd": 6.85e10,
            "deficit_source": "fr.eo14345",
            "deficit_period": "2024",
            "parts": [
                {"line": "Cars exported, FAS", "amount_usd": 1.98e8, "note": ""},
                {
                    "line": "Rivals' U.S.-built cars displaced",
                    "amount_usd": -0.9e7,
                    "note": "Jeep and others",
                },
                {"line": "Japanese parts inside", "amount_usd": -2.7e7, "note": "home content"},
            ],
            "japan_books_jpy": {"imports_change_cif_jpy": 2.7e10},
            "value_added": {"us": "about 62 %", "japan": "about 21 %", "other": "about 17 %"},
            "held_fixed": [
                "U.S. demand abroad, wages and the exchange rate stay where they are.",
                "All other sectors stay where they are.",
            ],
        },
        "sensitivity": SENSITIVITY,
        "risk": copy.deepcopy(RISK),
        "waterfalls": {
            CAMRY: waterfall(20_450, 5_182_000, 24_600),
            HIGHLANDER: waterfall(34_300, 7_940_000, 32_800),
        },
        "rules": RULES,
        "pending": PENDING,
        "review": {
            "text": "If the extra weight tax comes, nothing in this decision changes: it falls "
            "on plug-in cars.",
            "answer_if_in_force": None,
        },
        "calendar": [
            dict(
                zip(("id", "date", "actor", "via", "claim", "about", "how_final", "source"), row, strict=True)
            )
            for row in CALENDAR
        ],
        "belief": {
            "counts": {"fact": 118, "derived": 41, "estimate": 22, "assumption": 63},
            "variance_shares": [
                {"group": "taste for a car not sold yet", "share": 0.71},
                {"group": "demand parameters", "share": 0.17},
                {"group": "exchange rate", "share": 0.12},
            ],
            "outside_support": ["Highlander Hybrid: width 1.93 m; widest sold in volume 1.92 m (Lexus LX)"],
        },
        "certificate": {
            "max_foc_residual": 3.2e-11,
            "second_order_ok": True,
            "starts": 5,
            "starts_agreeing": 5,
            "largest_deviation_gain": 1.1e-9,
            "min_abs_alpha": 0.4,
            "outside_share": 0.93,
            "batch_max_residual": 8.8e-11,
            "batch_failures": 0,
        },
        "estimate": {"title": "First estimate for Japan 2025", "origin": "calibrated", "alpha": -17.2},
        "figures": FIGURES,
        "assumptions": [
            {
                "key": k,
                "value": v,
                "low": lo,
                "high": hi,
                "unit": u,
                "reason": r,
                "source": s,
                "used": k != "distributor.margin",
                "set_by_user": mine,
            }
            for k, v, lo, hi, u, r, s, mine in ASSUMPTIONS
        ],
        "sources": [
            dict(zip(("id", "publisher", "title", "date", "url"), row, strict=True)) for row in SOURCES
        ],
        "warnings": [
            "fx.usd_jpy was set by hand to 159.",
            "The width of the Highlander lies outside what the market has seen.",
        ],
        "notice": "This is information, not advice. No one should trade, invest or build on it "
        "without checking.",
        "citation": "Kanrin 0.1.0, case us-japan, run k1-3f9a2c1b77d0, seed 1.",
    }
    answer = copy.deepcopy(answer)
    for item in answer["decision"]:
        amounts = {line["line"]: line["amount_jpy"] for line in answer["waterfalls"][item["model"]]}
        item["landed_cost_jpy"], item["unit_margin_jpy"] = amounts["landed"], amounts["margin"]
    return answer


def empty_plan() -> Answer:
    """The answer "bring nothing over": no car, no waterfall, no change anywhere."""
    answer = sample_plan()
    nought = interval(0.0, 0.0, 0.0, 0.0)
    answer["answer"] = "Bring nothing over: every line-up of these candidates is expected to lose money."
    answer["decision"], answer["waterfalls"], answer["sensitivity"], answer["bridge"] = [], {}, [], []
    answer["total"] |= {
        "units": nought,
        "profit_jpy": nought,
        "annual_profit_jpy": nought,
        "probability_of_loss": 0.0,
        "probability_of_loss_se": 0.0,
        "profit_se_jpy": 0.0,
        "fixed_costs_jpy": 0.0,
    }
    answer["market"] |= {
        "own_units_lost": 0.0,
        "rivals_units_lost": 0.0,
        "outside_units_gained_from": 0.0,
        "own_lost": [],
        "rivals_lost": [],
        "firms": [],
        "prices_moved": [],
        "tax_revenue_jpy": 0.0,
        "consumer_surplus_jpy": {"mean": 0.0, "p10": 0.0, "p90": 0.0},
        "negative_costs": [],
    }
    answer["trade"] |= {
        "balance_change_usd": {"mean": 0.0, "p10": 0.0, "p90": 0.0},
        "share_of_deficit": 0.0,
        "parts": [],
    }
    answer["figures"] = {k: v for k, v in answer["figures"].items() if "decision" not in k}
    answer["belief"] |= {"variance_shares": [], "outside_support": []}
    answer["alternatives"] = answer["alternatives"][:1]
    answer["pending"], answer["review"], answer["warnings"] = [], None, []
    return answer
