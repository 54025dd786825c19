"""Reports: the figures of mailings side by side, one of them as its page, and as files."""

import io
import json
import tempfile
import zipfile
from pathlib import Path

from fastapi import Response
from fastapi.responses import HTMLResponse

from mailer.i18n import current_language
from mailer.model.delivery import DeliveryStatus
from mailer.web.console.desk import PAGE_HEADERS, Desk, Visit
from mailer.web.report import draw_report

SHOWN = 24
# the page holds everything it shows; its charts and tables are styled within it, and nothing of it runs
REPORT_HEADERS = {
    **PAGE_HEADERS,
    "Content-Security-Policy": "sandbox allow-same-origin; default-src 'none'; style-src 'unsafe-inline'; "
    "img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'self'",
    "X-Frame-Options": "SAMEORIGIN",
}
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def add_reports(desk: Desk) -> None:
    """Add the pages of reports."""
    desk.show("/reports")(show_reports)
    desk.show("/reports/{number:int}")(show_report)
    desk.show("/reports/{number:int}/page")(show_page)
    desk.show("/reports/{number:int}/report.pdf")(save_pdf)
    desk.show("/reports/{number:int}/report.xlsx")(save_workbook)
    desk.show("/reports/{number:int}/report.zip")(save_tables)
    desk.show("/reports/{number:int}/report.json")(save_json)


def show_reports(visit: Visit) -> Response:
    """The mailings that have begun, the newest first, with their figures as last counted."""
    begun = [one for one in visit.house.mailings.newest() if one.started_at is not None][:SHOWN]
    reports = [(one, visit.house.reports.headline(one)) for one in begun]
    return visit.page("reports.html.j2", reports=reports, accepted=DeliveryStatus.ACCEPTED)


def show_report(visit: Visit, number: int) -> Response:
    """The report of a mailing, in the frame of the console."""
    return visit.page("report.html.j2", mailing=visit.house.mailings.get(str(number)))


def _draw(visit: Visit, number: int) -> str:
    house = visit.house
    report = house.reports.read(str(number), patient=False)
    return draw_report(report, house.reports.views(report), current_language())


def show_page(visit: Visit, number: int) -> Response:
    """The report itself."""
    return HTMLResponse(_draw(visit, number), headers=REPORT_HEADERS)


def _file(visit: Visit, number: int, content: bytes, kind: str, ending: str) -> Response:
    slug = visit.house.mailings.get(str(number)).issue_slug
    named = {"Content-Disposition": f'attachment; filename="report-{slug}-{number}.{ending}"'}
    return Response(content, media_type=kind, headers={**PAGE_HEADERS, **named})


def save_pdf(visit: Visit, number: int) -> Response:
    """The report on paper."""
    return _file(visit, number, visit.house.reports.print_page(_draw(visit, number)), "application/pdf", "pdf")


def save_workbook(visit: Visit, number: int) -> Response:
    """Every table as a sheet, with all who were not reached."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "report.xlsx"
        visit.house.reports.write_workbook(visit.house.reports.read(str(number)), path)
        return _file(visit, number, path.read_bytes(), XLSX, "xlsx")


def save_tables(visit: Visit, number: int) -> Response:
    """Every table as csv, in one archive."""
    packed = io.BytesIO()
    with tempfile.TemporaryDirectory() as folder, zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in visit.house.reports.write_csv(visit.house.reports.read(str(number)), Path(folder) / "report"):
            archive.write(path, path.name)
    return _file(visit, number, packed.getvalue(), "application/zip", "zip")


def save_json(visit: Visit, number: int) -> Response:
    """The report for programs."""
    described = visit.house.reports.describe(visit.house.reports.read(str(number)))
    text = json.dumps(described, ensure_ascii=False, indent=1, default=str)
    return _file(visit, number, text.encode(), "application/json", "json")
