"""The command report: every way out of it, of a mailing that is over and of one that has not begun."""

import csv
import json
from pathlib import Path

import openpyxl
import pypdfium2
import pytest

from tests.flow.newsletter import Newsletter
