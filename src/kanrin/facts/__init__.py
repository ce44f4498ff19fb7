"""Facts: a case is a folder of small tables; this room reads it, checks it, and gives every number a key.

`load_case` reads, `check_case` proves, `init_case` copies, `Case.with_overrides` changes; nothing is
edited in place.
"""

from kanrin.facts._case import About, Case, case_folder, load_case, shipped_cases
from kanrin.facts._cells import case_figure, cell_keys, known_keys
from kanrin.facts._check import Check, CheckReport, CheckResult, check_case
from kanrin.facts._faults import fault_sentence, faults_in
from kanrin.facts._init import init_case
from kanrin.facts._law_records import (
    STATUS_ORDER,
    Assumption,
    CapRow,
    Claim,
    Equipment,
    EventOutcome,
    Fact,
    GapRow,
    Pathway,
    Rule,
    Source,
    Spell,
    UnitName,
)
from kanrin.facts._lines import read_toml
from kanrin.facts._market_records import (
    Candidate,
    ExchangeRate,
    MarketModel,
    MarketTotal,
    Nameplate,
    Port,
    Region,
    Route,
)
from kanrin.facts._override import apply_overrides, parse_setting
from kanrin.facts._positions import line_of
from kanrin.facts._read import read_table
from kanrin.facts._record import Record

__all__ = [
    "STATUS_ORDER",
    "About",
    "Assumption",
    "Candidate",
    "CapRow",
    "Case",
    "Check",
    "CheckReport",
    "CheckResult",
    "Claim",
    "Equipment",
    "EventOutcome",
    "ExchangeRate",
    "Fact",
    "GapRow",
    "MarketModel",
    "MarketTotal",
    "Nameplate",
    "Pathway",
    "Port",
    "Record",
    "Region",
    "Route",
    "Rule",
    "Source",
    "Spell",
    "UnitName",
    "apply_overrides",
    "case_figure",
    "case_folder",
    "cell_keys",
    "check_case",
    "fault_sentence",
    "faults_in",
    "init_case",
    "known_keys",
    "line_of",
    "load_case",
    "parse_setting",
    "read_table",
    "read_toml",
    "shipped_cases",
]
