"""Room: report. A plan told: the brief (HTML, Markdown, JSON, CSV), its charts, the terminal.

Everything told comes from the dict of plan.json, whose names `schema()` publishes.
"""

from kanrin.report._brief import Brief
from kanrin.report._calibration_chart import TENTHS, calibration_svg
from kanrin.report._folder import write_folder
from kanrin.report._schema import schema
from kanrin.report._terminal import print_plan

__all__ = ["TENTHS", "Brief", "calibration_svg", "print_plan", "schema", "write_folder"]
