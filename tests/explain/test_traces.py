"""certready explain trace.csv: a whole trace, log or queue, its failures grouped by first cause."""

from __future__ import annotations

import json
import time
from itertools import product
from pathlib import Path

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from certready import schemas
from certready.cli import main
from certready.explain.records import MAX_JSON
from certready.explain.show_trace import trace_lines
from certready.explain.traces import MAX_TEXTS, Trace, explain_trace
from certready.render.layout import plain
from tests.command_lines import COMMAND, parsed

REFUSED = "550 5.7.64 TenantAttribution; Relay Access Denied [DB8EUR05FT052.eop-eur05.prod.protection.outlook.com]"
ATTR36 = "550 5.7.64 TenantAttribution; Relay Access Denied ATTR36"
MISMATCH = (
    "[{LED=450 4.4.317 Cannot connect to remote server [Message=SubjectMismatch Expected Subject: mail.contoso.com]};"
    "{FQDN=mail.contoso.com};{IP=192.0.2.1}]"
)
EXTENDED = (
    "date_time_utc,client_ip,client_hostname,server_ip,server_hostname,source_context,connector_id,source,event_id,"
    "internal_message_id,message_id,network_message_id,recipient_address,recipient_status,total_bytes,recipient_count,"
    "related_recipient_address,reference,message_subject,sender_address,return_path,message_info,directionality,"
    "tenant_id,original_client_ip,original_server_ip,custom_data"
)
TRACKING = (
    "#Software: Microsoft Exchange Server\r\n#Version: 15.02.1748.008\r\n#Log-type: Message Tracking Log\r\n"
    "#Date: 2026-11-20T09:00:01.000Z\r\n#Fields: " + EXTENDED.replace("date_time_utc", "date-time").replace("_", "-")
)


def row(event: str, message: str, status: str, *, context: str = "", sender: str = "anna@contoso.com") -> str:
    """One event of the extended report or of a tracking log."""
    cells = [""] * 27
    cells[0], cells[8], cells[10], cells[11] = "2026-11-20T09:00:01Z", event, f"<{message}@contoso.com>", message
    cells[5], cells[12], cells[13], cells[19] = context, "bob@fabrikam.com", status, sender
    return ",".join('"' + cell.replace('"', '""') + '"' for cell in cells)


ROWS = [
    row("RECEIVE", "m1", ""),
    row("FAIL", "m1", f"bob@fabrikam.com##{REFUSED}"),
    row("FAIL", "m2", f"bob@fabrikam.com##{REFUSED}", sender="<>"),
    row("DEFER", "m3", f"bob@fabrikam.com##{MISMATCH}"),
    row("DEFER", "m3", f"bob@fabrikam.com##{MISMATCH}"),
    row("DEFER", "m4", f"bob@fabrikam.com##{MISMATCH}"),
    row("DEFER", "m5", f"bob@fabrikam.com##{MISMATCH}"),
    row("SEND", "m6", "250 2.6.0 Queued mail for delivery"),
    row("FAIL", "m7", "bob@fabrikam.com##999 nobody knows this text"),
]


def groups(trace: Trace | None) -> list[tuple[str | None, int, int]]:
    assert trace is not None
    return [(one.entry.id if one.entry else None, len(one.messages), len(one.failed)) for one in trace.groups]


EXPECTED = [("relay-denied", 2, 2), (None, 1, 1), ("outbound-subject-mismatch", 3, 0)]


@pytest.mark.parametrize("head", [EXTENDED, TRACKING, "\ufeff" + EXTENDED, f"#TYPE Selected.Object\r\n{EXTENDED}"])
@pytest.mark.parametrize("end", ["\r\n", "\n"])
def test_failures_are_grouped_the_worst_first(head: str, end: str) -> None:
    """What was given up stands before what is held, messages are counted once, and unknown texts are kept apart."""
    assert EXPECTED == groups(explain_trace(end.join([head, *ROWS, ""])))


def test_several_recipients_of_one_row_have_a_text_each() -> None:
    """recipient_status lists addr##text; each recipient goes to its own cause."""
    status = f"a@fabrikam.com##{REFUSED};b@fabrikam.com##{ATTR36}"
    trace = explain_trace("\n".join([EXTENDED, row("FAIL", "m1", status)]))
    assert {("relay-denied", 1, 1), ("relay-denied-attr36", 1, 1)} == set(groups(trace))


OTHERS = {
    "a queue": f'"Identity","Status","MessageCount","NextHopDomain","LastError"\n"ex1\\7","Retry","12","o365","{REFUSED}"',
    "a queue with semicolons": f'Identity;Status;MessageCount;LastError\nex1\\7;Retry;12;"{REFUSED}"',
    "Get-MessageTraceDetailV2": f'Date,Event,Action,Detail,Data,MessageId\n2026-11-20,Fail,,"{REFUSED}",,<m@contoso.com>',
    "Graph": json.dumps({"value": [{"dateTime": "x", "event": "Fail", "action": "", "description": REFUSED}]}),
    "ConvertTo-Json of Get-Message": json.dumps(
        [{"Identity": "ex1\\7\\1", "FromAddress": "a@contoso.com", "Status": "Retry", "LastError": REFUSED}]
    ),
    "an SMTP protocol log": (
        "#Software: Microsoft Exchange Server\n#Log-type: SMTP Send Protocol Log\n#Fields: date-time,connector-id,"
        "session-id,sequence-number,local-endpoint,remote-endpoint,event,data,context\n"
        f'2026-11-20T09:00:01Z,Outbound to Office 365,08D5,32,192.0.2.1:25,192.0.2.2:25,<,"{REFUSED}",\n'
        "2026-11-20T09:00:01Z,Outbound to Office 365,08D5,33,192.0.2.1:25,192.0.2.2:25,>,QUIT,"
    ),
    "a connectivity log": (
        "#Log-Type: Transport Connectivity Log\n#Fields: date-time,session,source,Destination,direction,description\n"
        f'2026-11-20T09:00:01Z,08D5,SMTP,o365,>,"{REFUSED}"'
    ),
}


@pytest.mark.parametrize("form", OTHERS)
def test_every_form_is_recognised_by_its_first_line(form: str) -> None:
    """Logs, queues, details of a trace and Graph's answer lead to the same cause as the line alone."""
    assert ["relay-denied"] == [one for one, _, _ in groups(explain_trace(OTHERS[form]))]


ENHANCED = (
    "origin_timestamp_utc,sender_address,recipient_status,message_subject,total_bytes,message_id\n"
    'x,a@contoso.com,"b@fabrikam.com##Receive, Fail",s,1,<m@x>'
)
FIRST_VERSION = (
    "PSComputerName,RunspaceId,MessageId,Received,SenderAddress,RecipientAddress,Subject,Status,MessageTraceId\n"
    "x,y,<m@x>,z,a@contoso.com,b@fabrikam.com,s,Failed,t"
)


@pytest.mark.parametrize("text", [ENHANCED, FIRST_VERSION])
def test_a_summary_without_error_texts_is_said(text: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """The enhanced summary and Get-MessageTrace say that mail failed, not why: the extended report is asked for."""
    file = tmp_path / "summary.csv"
    file.write_text(text, "utf-8")
    assert 3 == main(["explain", str(file)])
    out = " ".join(capfd.readouterr().out.split())
    assert "1 message failed" in out
    assert "extended report" in out


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le"])
def test_the_command_reads_the_file_as_it_is_saved(
    encoding: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """In UTF-16 without a mark too, as the admin center writes it; every command printed is one there is."""
    file = tmp_path / "trace.csv"
    file.write_bytes("\r\n".join([EXTENDED, *ROWS]).encode(encoding))
    assert 0 == main(["explain", str(file)])
    out = capfd.readouterr().out
    assert "9 records: 6 messages failed or held up" in out
    commands = COMMAND.findall(out)
    assert commands
    for line in commands:
        parsed(line)
    assert 0 == main(["explain", str(file), "--format", "json"])
    found = json.loads(capfd.readouterr().out)
    jsonschema.validate(found, schemas.load("explain"))
    assert ["relay-denied", None, "outbound-subject-mismatch"] == [one["entry"] for one in found["trace"]["groups"]]
    assert ["<>", "contoso.com"] == sorted(found["trace"]["groups"][0]["sender_domains"])


@pytest.mark.parametrize(
    "text", [REFUSED, "a,b,c\n1,2,3", "[]", "{}", "[1]", '{"a": 1}', "", "#Fields:\n", "date,event\n"]
)
def test_what_is_no_trace_stays_a_text(text: str) -> None:
    """A pasted line and other tables are no trace."""
    assert explain_trace(text) is None


@given(st.text(max_size=200), st.sampled_from([EXTENDED, TRACKING, *(one.splitlines()[0] for one in OTHERS.values())]))
def test_any_rows_are_read(rows: str, head: str) -> None:
    """Whatever stands below a header, nothing is raised."""
    explain_trace(f"{head}\n{rows}")


def test_a_table_that_excel_saved_is_read() -> None:
    """Semicolons, and the line that tells Excel so."""
    lines = [f"sep=;\r\n{EXTENDED.replace(',', ';')}", *(line.replace('","', '";"') for line in ROWS)]
    assert EXPECTED == groups(explain_trace("\r\n".join(lines)))


def test_a_record_that_cannot_be_read_is_counted(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """A field over the bound hides whether the message failed: that is said, and the exit code is 3."""
    file = tmp_path / "trace.csv"
    file.write_text("\n".join([EXTENDED, row("FAIL", "m0", "x" * 200_000), *ROWS]), "utf-8")
    assert 3 == main(["explain", str(file)])
    out = " ".join(capfd.readouterr().out.split())
    assert "1 record not read: a field of each is over 128 KiB." in out
    assert "10 records: 6 messages failed" in out


def test_texts_beyond_the_bound_are_not_called_unknown() -> None:
    """Of more different texts than are explained the rest is said not to have been looked at."""
    words = ["".join(letters) for letters in product("abcdefgh", repeat=4)][: MAX_TEXTS + 5]
    lines = [row("FAIL", f"m{number}", f"b@x.com##999 {word}") for number, word in enumerate(words)]
    trace = explain_trace("\n".join([EXTENDED, *lines]))
    assert trace is not None
    assert [5] == [len(group.messages) for group in trace.groups if not group.examined]
    assert "Not looked at" in plain(trace_lines(trace, None))


def test_json_beyond_the_bound_is_refused(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """JSON takes many times its length of memory: what is over the bound is not read, and that is said (2)."""
    file = tmp_path / "trace.json"
    file.write_text('[{"Status": "Fail", "Detail": "' + "x" * MAX_JSON + '"}]', "utf-8")
    assert 2 == main(["explain", str(file)])
    assert "over 16 MiB" in capfd.readouterr().err


@pytest.mark.parametrize("unit", ["@", "<", "[", "a.", "a-", "a@b##", ";", "a@b.c##x;", "{LED=", "9", "x@y.z ", "#"])
def test_hostile_cells_cost_no_more_than_their_length(unit: str) -> None:
    """No text in a cell makes the search of a pattern go back far: it takes at most some times as long as plain words."""

    def cost(text: str) -> float:
        began = time.process_time()
        explain_trace("\n".join([EXTENDED, *(row("FAIL", f"m{number}", text, context=text) for number in range(5))]))
        return time.process_time() - began

    usual = max(min(cost("lorem ipsum dolor sit amet " * 1_000) for _ in range(2)), 0.02)
    assert cost((unit * 30_000)[:30_000]) < 30 * usual


def test_a_large_trace_is_read() -> None:
    """Twenty thousand events of one text are one cause, and each message is counted."""
    lines = [row("FAIL", f"m{number}", f"bob@fabrikam.com##{REFUSED}") for number in range(20_000)]
    trace = explain_trace("\n".join([EXTENDED, *lines]))
    assert [("relay-denied", 20_000, 20_000)] == groups(trace)
