"""SMS: numbers as people type them, the alphabet and what a message costs, and the gateways, real ones on loopback."""

import hashlib
import json
import shutil
import socket
import ssl
import subprocess
import threading
import time
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import SimpleNamespace
from urllib.parse import parse_qs, urlsplit

import ovh
import phonenumbers
import pytest
from hypothesis import given
from hypothesis import strategies as st

import config
from app import phone
from app.notifications import gsm, sms, transport
from app.notifications.outcomes import PermanentFailure, TemporaryFailure, UnknownOutcome
from app.phone import InvalidNumber, display, parse_mobile, time_zone

# Numbers ----------------------------------------------------------------------------------------------------------

OVERSEAS = [
    ("971", "0690 00 12 34", "+590690001234", "America/Guadeloupe"),
    ("972", "0696 20 12 34", "+596696201234", "America/Martinique"),
    ("973", "0694 20 12 34", "+594694201234", "America/Cayenne"),
    ("974", "0692 12 34 56", "+262692123456", "Indian/Reunion"),
    ("974", "0693 12 34 56", "+262693123456", "Indian/Reunion"),
    ("975", "055 12 34", "+508551234", "America/Miquelon"),
    ("976", "0639 01 23 45", "+262639012345", "Indian/Mayotte"),
    ("977", "0690 27 12 34", "+590690271234", "America/Guadeloupe"),  # shared with Guadeloupe, the same time
    ("978", "0690 51 12 34", "+590690511234", "America/Guadeloupe"),
    ("986", "82 12 34", "+681821234", "Pacific/Wallis"),
    ("987", "87 12 34 56", "+68987123456", "Pacific/Tahiti"),
    ("988", "75.12.34", "+687751234", "Pacific/Noumea"),
]


@pytest.mark.parametrize(
    "typed",
    [
        "0612345678", "06 12 34 56 78", "06.12.34.56.78", "06-12-34-56-78", "06/12/34/56/78",
        " 06\u00a012\u202f345678 ",
        "+33612345678", "+33 6 12 34 56 78", "0033 6 12 34 56 78", "+33 (0)6 12 34 56 78", "(+33) 612345678",
        "33612345678", "０６１２３４５６７８", "\u202a06 12 34 56 78\u202c", "06‑12‑34‑56‑78",
    ],
)  # fmt: skip
@pytest.mark.parametrize("department", [None, "69", "2A", *phone.TERRITORIES])
def test_a_mainland_mobile_is_read_in_every_usual_form_wherever_its_owner_lives(typed, department):
    assert parse_mobile(typed, department) == "+33612345678"


@pytest.mark.parametrize(("department", "typed", "e164", "zone"), OVERSEAS)
def test_each_overseas_territory_has_its_mobiles_and_its_clock(department, typed, e164, zone):
    assert parse_mobile(typed, department) == e164
    assert parse_mobile(e164) == parse_mobile("00" + e164[1:], "75") == e164
    assert time_zone(e164).key == zone


@pytest.mark.parametrize(("department", "typed", "e164", "zone"), [row for row in OVERSEAS if row[1].startswith("06")])
def test_ten_overseas_digits_are_known_from_the_mainland_and_from_each_other(department, typed, e164, zone):
    assert {parse_mobile(typed, other) for other in (None, "75", *phone.TERRITORIES)} == {e164}


@pytest.mark.parametrize("region", phone.ZONES)
def test_the_example_of_each_territory_comes_back_from_what_is_shown(region):
    department = {code: dep for dep, code in phone.TERRITORIES.items()}.get(region)
    number = phonenumbers.example_number_for_type(region, phonenumbers.PhoneNumberType.MOBILE)
    e164 = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    assert parse_mobile(display(e164), department) == e164


@given(st.text(alphabet="0123456789 .+-", max_size=16), st.sampled_from([None, "69", *phone.TERRITORIES]))
def test_whatever_is_accepted_is_a_mobile_of_ours_that_reads_the_same_again(typed, department):
    try:
        e164 = parse_mobile(typed, department)
    except InvalidNumber:
        return
    assert e164[:3] == "+33" or e164[:4] in {"+590", "+594", "+596", "+262", "+508", "+687", "+689", "+681"}
    assert parse_mobile(e164) == e164 == parse_mobile(display(e164), department)
    assert display(e164).startswith(("06", "07")) or e164[:3] != "+33"


def test_a_mainland_number_with_digits_missing_is_not_taken_for_a_short_one_overseas():
    for typed in ("061234", "06 12 34 56", "751234", "87123456", "06 12 34 56 7"):
        with pytest.raises(InvalidNumber, match="chiffre"):
            parse_mobile(typed, "75")


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        (None, phone.EMPTY), ("", phone.EMPTY), (" \u200b\u00a0", phone.EMPTY),
        ("bonjour", phone.NOT_A_NUMBER), ("06 12 AB CD EF", phone.NOT_A_NUMBER), ("+", phone.NOT_A_NUMBER),
        ("0612345678;ext=5", phone.NOT_A_NUMBER), ("0" * 10_000, phone.NOT_A_NUMBER),
        ("+33+612345678", phone.NOT_A_NUMBER),
        ("06\x0012345678", phone.NOT_A_NUMBER), ("0612345678\r\nX: y", phone.NOT_A_NUMBER),
        ("٠٦١٢٣٤٥٦٧٨x", phone.NOT_A_NUMBER),
        ("06 12 34 56 7", phone.WRONG), ("06 12 34 56 789", phone.WRONG), ("00", phone.WRONG), ("112", phone.WRONG),
        ("0000000000", phone.WRONG), ("+999612345678", phone.WRONG),
        ("01 40 00 00 00", phone.LANDLINE), ("05 61 12 34 56", phone.LANDLINE), ("09 72 12 34 56", phone.LANDLINE),
        ("+33 4 72 10 30 30", phone.LANDLINE), ("0262 20 12 34", phone.LANDLINE), ("0590 20 12 34", phone.LANDLINE),
        ("0596 30 12 34", phone.LANDLINE), ("0594 10 12 34", phone.LANDLINE), ("+687 20 12 34", phone.LANDLINE),
        ("0892 12 34 56", phone.NOT_A_MOBILE), ("0800 12 34 56", phone.NOT_A_MOBILE),
        ("+44 7911 123456", phone.FOREIGN), ("0041 79 123 45 67", phone.FOREIGN), ("+32 470 12 34 56", phone.FOREIGN),
        ("+377 612 34 56 78", phone.FOREIGN), ("+1 514 555 0123", phone.FOREIGN),
    ],
)  # fmt: skip
def test_what_will_not_do_is_refused_with_its_reason(typed, sentence):
    with pytest.raises(InvalidNumber) as caught:
        parse_mobile(typed)
    assert str(caught.value) == sentence


def test_a_number_is_shown_as_it_is_written_at_home():
    assert display("+33612345678") == "06 12 34 56 78"
    assert display("+262692123456") == "0692 12 34 56"


# The alphabet -----------------------------------------------------------------------------------------------------


def test_the_table_is_that_of_an_independent_implementation():
    perl = shutil.which("perl")
    if not perl or subprocess.run([perl, "-MEncode::GSM0338", "-e1"], capture_output=True).returncode:
        pytest.skip("perl with Encode::GSM0338 is not installed")
    script = "use Encode; for (0..127) { print encode('UTF-8', decode('gsm0338', chr $_)) unless $_ == 27 }"
    assert subprocess.run([perl, "-e", script], capture_output=True).stdout.decode() == gsm.BASIC
    script = "use Encode; print encode('UTF-8', decode('gsm0338', chr(27).chr($_))) for 10,20,40,41,47,60,61,62,64,101"
    assert subprocess.run([perl, "-e", script], capture_output=True).stdout.decode() == gsm.EXTENSION


def test_every_sign_of_the_alphabet_stays():
    assert len(set(gsm.BASIC)) == 127 and len(gsm.EXTENSION) == 10
    for sign in gsm.SEPTETS:
        assert gsm.transliterate(sign) == sign
        assert gsm.segments(sign * 80) == 1


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Fête de l’été à l’Île-d’Yeu", "Fete de l'été à l'Ile-d'Yeu"),
        ("ça, Ça, FRANÇAIS, français", "ca, Ça, FRANÇAIS, francais"),
        ("cœur, Œuvre, ŒUVRE", "coeur, OEuvre, OEUVRE"),
        ("ê ë î ï ô û â ÿ", "e e i i o u a y"),
        ("Ê Ë Î Ô Û Â È À", "E E I O U A E A"),
        ("é è à ù ì ò ñ ü ö ä å ø æ É Ç ß", "é è à ù ì ò ñ ü ö ä å ø æ É Ç ß"),
        ("e\u0301te\u0301", "été"),
        ("« Bonjour »", '"Bonjour"'),
        ("«\u00a0Bonjour\u202f»\u00a0!", '"Bonjour" !'),
        ("lundi – mardi — etc…", "lundi - mardi - etc..."),
        ("12 €", "12 €"),
        ("n° 3, 20 °C, 10°", "no 3, 20 C, 10 degres"),
        ("½ m², 1ᵉʳ, № 2, ﬁn", "1/2 m2, 1er, No 2, fin"),
        ("18 h → 20 h", "18 h -> 20 h"),
        ("fête 🎉 demain 👨‍👩‍👧!", "fete demain !"),
        ("Łódź, Đà Nẵng, Ιθάκη", "Lodz, Dà Nang, ?????"),
        ("a\r\nb\tc\x00d\u200be", "a\r\nb cde"),
        ("\ud83d", ""),
    ],
)
def test_what_is_not_in_the_alphabet_is_spelled_so_that_the_sense_stays(text, expected):
    assert gsm.transliterate(text) == expected


@given(st.text())
def test_the_result_is_always_in_the_alphabet_and_stays_the_same(text):
    once = gsm.transliterate(text)
    assert set(once) <= set(gsm.SEPTETS) and gsm.transliterate(once) == once


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("", 1), ("a" * 160, 1), ("a" * 161, 2), ("a" * 306, 2), ("a" * 307, 3), ("a" * 459, 3), ("a" * 460, 4),
        ("€" * 80, 1), ("€" * 80 + "a", 2), ("€" * 152, 2), ("€" * 153, 3), ("a" + "€" * 152, 2),
        ("a" * 152 + "€" * 77, 3),
        ("ê" * 70, 1), ("ê" * 71, 2), ("ê" * 134, 2), ("ê" * 135, 3), ("😀" * 35, 1), ("😀" * 36, 2), ("😀" * 66, 2),
        ("😀" * 67, 3), ("a" * 159 + "ç", 3), ("a" * 159 + "Ç", 1), ("a" * 159 + "’", 3), ("a" * 159 + "œ", 3),
    ],
)  # fmt: skip
def test_segments_are_counted_as_the_network_makes_them(text, number):
    assert gsm.segments(text) == number


LINK = "https://conseils.exemple.fr/evenements/12-fete?a=1&b=%C3%A9#ici"


WORDS = "La fête du quartier, l’après-midi ; "  # 36 septets


def test_a_text_that_fits_one_segment_is_one_and_a_longer_one_goes_whole_in_three_at_most():
    assert gsm.shorten("Fête", LINK) == "Fete " + LINK
    for text, number in (("a" * 160, 1), ("a" * 161, 2), ("a" * 306, 2), ("a" * 307, 3), ("a" * 459, 3)):
        assert gsm.shorten(text) == text and gsm.segments(text) == number
    assert gsm.segments(gsm.shorten(WORDS * 4, LINK)) == 2
    assert gsm.shorten(WORDS * 4, LINK) == gsm.transliterate(WORDS * 4).strip() + " " + LINK


def test_a_text_of_more_than_three_segments_is_cut_at_a_word_and_its_link_stays_whole():
    short = gsm.shorten(WORDS * 20, LINK)
    assert short.endswith("... " + LINK) and 440 < len(short) <= 459 and gsm.segments(short) == 3
    kept = short.removesuffix("... " + LINK)
    words = gsm.transliterate(WORDS * 20)
    assert words.startswith(kept) and not words[len(kept)].isalnum()
    assert gsm.shorten("a" * 460) == "a" * 456 + "..."


def test_a_text_may_be_kept_in_one_segment():
    assert gsm.shorten("a" * 160, parts=1) == "a" * 160
    assert gsm.shorten("a" * 161, parts=1) == "a" * 157 + "..."


def test_a_sign_of_two_septets_at_the_end_of_a_part_costs_no_fourth_segment():
    for first in range(4):
        short = gsm.shorten("a" * first + "€" * 300)
        assert gsm.segments(short) == 3 and sum(gsm.SEPTETS[sign] for sign in short) > 453


def test_a_link_without_room_stands_alone():
    assert gsm.shorten("texte", "https://a.fr/" + "x" * 445) == "https://a.fr/" + "x" * 445
    assert gsm.shorten("texte", "https://a.fr/" + "x" * 600) == "https://a.fr/" + "x" * 600
    assert gsm.shorten("texte", "https://a.fr/é") == "texte https://a.fr/%C3%A9"


@given(st.text(max_size=700), st.text("€a[ ", max_size=700), st.sampled_from([None, LINK]), st.integers(1, 4))
def test_a_shortened_text_never_passes_its_segments(text, heavy, link, parts):
    for words in (text, heavy):
        short = gsm.shorten(words, link, parts)
        assert gsm.segments(short) <= parts
        assert link is None or short.endswith(link)


# Gateways ---------------------------------------------------------------------------------------------------------

NUMBER, REFERENCE = "+33612345678", "activity:1:2:sms"
NASTY = 'Dit "oui" & l\'autre \\ {number}{reference}\r\nBcc: x@y\n&to=+33600000000 100% 🎉 ","to":"+336'


@contextmanager
def serving(handler):
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


@pytest.fixture
def gateway_stand_in():
    """A gateway on loopback that keeps what it receives; a test says what it answers."""
    stand_in = SimpleNamespace(requests=[], status=200, headers={}, body=b'{"id": "abc-1"}', before=None, write=None)

    class Handler(BaseHTTPRequestHandler):
        def handle_request(self):
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            kept = SimpleNamespace(method=self.command, path=self.path, headers=self.headers, body=body)
            stand_in.requests.append(kept)
            if stand_in.before:
                stand_in.before()
            if stand_in.write:
                stand_in.write(self.wfile)
                return
            status, content = stand_in.answer(kept) if hasattr(stand_in, "answer") else (stand_in.status, stand_in.body)
            self.send_response(status)
            for name, value in {"Content-Length": str(len(content)), **stand_in.headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST = do_PUT = do_DELETE = handle_request  # noqa: N815 - the names that http.server asks for

        def log_message(self, *args):
            pass

        def handle(self):
            try:
                super().handle()
            except OSError:
                pass  # the client went away: what some tests are about

    with serving(Handler) as url:
        stand_in.url = url
        yield stand_in


JSON_BODY = '{"to": "{number}", "from": "Conseil", "options": [{"text": "{text}", "long": true}]}'


def load(tmp_path, **changes):
    return config.load({"INSTANCE_DIR": str(tmp_path), **changes})


@pytest.fixture
def http_gateway(gateway_stand_in, tmp_path):
    def make(**changes):
        settings = {
            "SMS_GATEWAY": "http", "SMS_HTTP_URL": gateway_stand_in.url + "/v1/sms", "SMS_HTTP_BODY": JSON_BODY,
            "SMS_HTTP_HEADERS": "Content-Type: application/json|Authorization: Bearer k|Idempotency-Key: {reference}",
            "SMS_HTTP_ID_PATH": "id", "SMS_TIMEOUT": "1", "SMS_COST_CENTS": "6,5", **changes,
        }  # fmt: skip
        return sms.make_gateway(load(tmp_path, **settings))

    return make


def test_without_a_gateway_there_is_none(tmp_path):
    assert sms.make_gateway(load(tmp_path)) is None


@pytest.mark.parametrize("text", ["Réunion à 18 h", NASTY, "{text}{number}", "\ud83d", "\x00\x1f", ""])
def test_json_carries_the_text_as_it_is_and_nothing_but_the_text(http_gateway, gateway_stand_in, text):
    receipt = http_gateway().send(NUMBER, text, REFERENCE)
    [request] = gateway_stand_in.requests
    assert json.loads(request.body) == {
        "to": NUMBER, "from": "Conseil", "options": [{"text": text, "long": True}]
    }  # fmt: skip
    assert request.method == "POST" and request.path == "/v1/sms"
    assert request.headers["Authorization"] == "Bearer k"
    assert request.headers["Idempotency-Key"] == REFERENCE
    assert request.headers["Content-Type"] == "application/json"
    assert receipt == sms.Receipt("abc-1", gsm.segments(text), gsm.segments(text) * 6.5)


@pytest.mark.parametrize("text", ["Réunion à 18 h", NASTY, "{text}{number}", "a&to=1;b=2+3%20"])
def test_a_form_carries_the_text_as_it_is_and_nothing_but_the_text(http_gateway, gateway_stand_in, text):
    gateway = http_gateway(
        SMS_HTTP_HEADERS="Content-Type: application/x-www-form-urlencoded",
        SMS_HTTP_BODY="to={digits}&from=Mon+Conseil&msg={text}&empty=&ref=r-{reference}",
    )
    gateway.send(NUMBER, text, REFERENCE)
    [request] = gateway_stand_in.requests
    assert parse_qs(request.body.decode("ascii"), keep_blank_values=True, strict_parsing=True) == {
        "to": [NUMBER[1:]], "from": ["Mon Conseil"], "msg": [text], "empty": [""], "ref": [f"r-{REFERENCE}"]
    }  # fmt: skip


def test_an_address_carries_the_text_as_it_is_and_nothing_but_the_text(http_gateway, gateway_stand_in):
    url = gateway_stand_in.url + "/send?key=k&to={number}&m={text}"
    gateway = http_gateway(SMS_HTTP_METHOD="get", SMS_HTTP_URL=url, SMS_HTTP_BODY="", SMS_HTTP_HEADERS="")
    gateway.send(NUMBER, NASTY + "#?/../", REFERENCE)
    [request] = gateway_stand_in.requests
    assert request.method == "GET" and urlsplit(request.path).path == "/send" and request.body == b""
    assert parse_qs(urlsplit(request.path).query) == {"key": ["k"], "to": [NUMBER], "m": [NASTY + "#?/../"]}


def test_no_header_can_be_added_through_a_reference(http_gateway, gateway_stand_in):
    http_gateway().send(NUMBER, "a", "1\r\nX-Evil: yes\nété")
    [request] = gateway_stand_in.requests
    assert request.headers["X-Evil"] is None
    assert request.headers["Idempotency-Key"] == "1%0D%0AX-Evil: yes%0A%C3%A9t%C3%A9"


def test_a_password_of_the_machine_does_not_replace_that_of_the_settings(
    http_gateway, gateway_stand_in, tmp_path, monkeypatch
):
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login a password b\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    http_gateway().send(NUMBER, "a", REFERENCE)
    assert gateway_stand_in.requests[0].headers["Authorization"] == "Bearer k"


@pytest.mark.parametrize(
    ("path", "body", "expected"),
    [
        ("id", {"id": 12}, "12"), ("messages.0.id", {"messages": [{"id": "x"}]}, "x"), ("0.id", [{"id": "y"}], "y"),
        ("", {"id": 12}, ""), ("id", {"id": "z" * 900}, "z" * 200),
    ],
)  # fmt: skip
def test_the_id_is_found_where_the_settings_say(http_gateway, gateway_stand_in, path, body, expected):
    gateway_stand_in.body = json.dumps(body).encode()
    assert http_gateway(SMS_HTTP_ID_PATH=path).send(NUMBER, "a", REFERENCE).provider_id == expected


@pytest.mark.parametrize(
    "body",
    [b"", b"OK", b'{"error": "refused"}', b'{"id": null}', b'{"id": ""}', b'{"id": true}', b'{"id": {"a": 1}}',
     b"[]", b"null", b"\xff\xfe", b"[" * 60_000],
)  # fmt: skip
def test_an_accepted_answer_without_the_id_is_to_be_checked(http_gateway, gateway_stand_in, body):
    gateway_stand_in.body = body
    with pytest.raises(UnknownOutcome, match="vérifier"):
        http_gateway().send(NUMBER, "a", REFERENCE)


@pytest.mark.parametrize(
    ("status", "outcome"),
    [
        (200, None), (201, None), (202, None), (400, PermanentFailure), (409, PermanentFailure),
        (410, PermanentFailure), (422, PermanentFailure), (401, TemporaryFailure), (402, TemporaryFailure),
        (403, TemporaryFailure), (404, TemporaryFailure), (408, TemporaryFailure), (425, TemporaryFailure),
        (429, TemporaryFailure), (500, TemporaryFailure), (502, TemporaryFailure), (503, TemporaryFailure),
        (504, UnknownOutcome), (301, TemporaryFailure), (307, TemporaryFailure), (303, UnknownOutcome),
    ],
)  # fmt: skip
def test_each_answer_has_its_outcome(http_gateway, gateway_stand_in, status, outcome):
    gateway_stand_in.status = status
    if outcome is None:
        assert http_gateway().send(NUMBER, "a", REFERENCE).provider_id == "abc-1"
    else:
        with pytest.raises(outcome, match=str(status)):
            http_gateway().send(NUMBER, "a", REFERENCE)
    assert len(gateway_stand_in.requests) == 1


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_no_redirect_is_followed(http_gateway, gateway_stand_in, status):
    gateway_stand_in.status, gateway_stand_in.headers = status, {"Location": gateway_stand_in.url + "/elsewhere"}
    with pytest.raises((TemporaryFailure, UnknownOutcome)):
        http_gateway().send(NUMBER, "a", REFERENCE)
    assert [request.path for request in gateway_stand_in.requests] == ["/v1/sms"]


@pytest.mark.parametrize(("value", "expected"), [("120", 120), ("999999999999", 172_800), ("soon", None), ("-1", None)])
@pytest.mark.parametrize("status", [429, 503])
def test_the_gateway_says_when_to_come_back(http_gateway, gateway_stand_in, status, value, expected):
    gateway_stand_in.status, gateway_stand_in.headers = status, {"Retry-After": value}
    with pytest.raises(TemporaryFailure) as caught:
        http_gateway().send(NUMBER, "a", REFERENCE)
    assert caught.value.retry_after == expected


def test_the_gateway_may_name_the_instant_to_come_back():
    assert transport.retry_after(format_datetime(datetime.now(UTC) + timedelta(minutes=5), usegmt=True)) in range(
        297, 301
    )
    assert transport.retry_after("Wed, 21 Oct 2015 07:28:00 GMT") == 0
    assert transport.retry_after("") is None


def closed_port():
    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()[1]


def test_a_gateway_that_is_not_there_has_received_nothing(http_gateway):
    url = f"http://127.0.0.1:{closed_port()}/sms?key=secret-key"
    with pytest.raises(TemporaryFailure) as caught:
        http_gateway(SMS_HTTP_URL=url).send(NUMBER, "private text", REFERENCE)
    assert "secret-key" not in str(caught.value) and caught.value.__cause__ is None
    with pytest.raises(TemporaryFailure):
        http_gateway(SMS_HTTP_URL="https://nowhere.invalid/").send(NUMBER, "a", REFERENCE)


def test_a_gateway_that_does_not_take_the_connection_in_time_has_received_nothing(http_gateway):
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen(0)  # one connection waits, the next ones find no room
        waiting = [socket.socket() for _ in range(3)]
        for connection in waiting:
            connection.setblocking(False)
            connection.connect_ex(server.getsockname())
        url = f"http://127.0.0.1:{server.getsockname()[1]}/"
        with pytest.raises(TemporaryFailure, match="ConnectTimeout"):
            http_gateway(SMS_HTTP_URL=url).send(NUMBER, "a", REFERENCE)
        for connection in waiting:
            connection.close()


def test_a_gateway_whose_certificate_is_not_good_has_received_nothing(http_gateway, gateway_stand_in):
    url = gateway_stand_in.url.replace("http:", "https:")  # plain HTTP where TLS is expected
    with pytest.raises((TemporaryFailure, UnknownOutcome)):
        http_gateway(SMS_HTTP_URL=url).send(NUMBER, "a", REFERENCE)
    assert gateway_stand_in.requests == []


@pytest.mark.parametrize(
    ("reason", "before"), [("CERTIFICATE_VERIFY_FAILED", True), ("UNEXPECTED_EOF_WHILE_READING", False)]
)
def test_only_a_failed_handshake_is_surely_before_the_request(reason, before):
    error = ssl.SSLError()
    error.reason = reason
    assert transport._came_before(transport.requests.exceptions.SSLError(error)) is before


def test_silence_after_the_request_leaves_the_outcome_unknown(http_gateway, gateway_stand_in):
    release = threading.Event()
    gateway_stand_in.before = lambda: release.wait(10)
    start = time.monotonic()
    with pytest.raises(UnknownOutcome, match="vérifier"):
        http_gateway().send(NUMBER, "a", REFERENCE)
    release.set()
    assert time.monotonic() - start < 3
    assert len(gateway_stand_in.requests) == 1


@pytest.mark.parametrize("answer", [b"", b"HTTP/1.1 2", b"nonsense\r\n\r\n", b"HTTP/1.1 200 OK\r\nContent-Le"])
def test_a_connection_that_breaks_after_the_request_leaves_the_outcome_unknown(http_gateway, gateway_stand_in, answer):
    gateway_stand_in.write = lambda stream: stream.write(answer)
    with pytest.raises(UnknownOutcome):
        http_gateway().send(NUMBER, "a", REFERENCE)
    assert len(gateway_stand_in.requests) == 1


def endless(stream):
    stream.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n")
    for _ in range(4000):
        stream.write(b"[" * 65_536)


def dripping(stream):
    stream.write(b'HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{"id": "')
    for _ in range(60):
        stream.write(b"x")
        time.sleep(0.2)


@pytest.mark.parametrize("answer", [endless, dripping])
def test_an_answer_without_end_is_not_read_to_its_end(http_gateway, gateway_stand_in, answer):
    gateway_stand_in.write = answer
    start = time.monotonic()
    with pytest.raises(UnknownOutcome):
        http_gateway().send(NUMBER, "a", REFERENCE)
    assert http_gateway(SMS_HTTP_ID_PATH="").send(NUMBER, "a", REFERENCE).provider_id == ""
    assert time.monotonic() - start < 5


def test_a_chunked_answer_is_read(http_gateway, gateway_stand_in):
    chunks = b'6\r\n{"id":\r\n7\r\n "c-9"}\r\n0\r\n\r\n'
    gateway_stand_in.write = lambda stream: stream.write(
        b"HTTP/1.1 201 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + chunks
    )
    assert http_gateway().send(NUMBER, "a", REFERENCE).provider_id == "c-9"


# OVHcloud ---------------------------------------------------------------------------------------------------------

AK, AS, CK = "app-key", "app-secret", "consumer-key"
ACCEPTED = {"ids": [2769], "invalidReceivers": [], "validReceivers": [NUMBER], "totalCreditsRemoved": 2}


@pytest.fixture
def ovh_stand_in(gateway_stand_in, monkeypatch):
    """OVHcloud's API on loopback: it gives the time, and refuses what is not signed as its documentation says."""
    monkeypatch.setitem(ovh.client.ENDPOINTS, "ovh-eu", gateway_stand_in.url + "/1.0")
    gateway_stand_in.jobs, gateway_stand_in.clock = [], 5000  # its clock is far from ours
    gateway_stand_in.reply = (200, ACCEPTED)

    def answer(request):
        now = int(time.time()) + gateway_stand_in.clock
        if request.path == "/1.0/auth/time":
            return 200, str(now).encode()
        stamp = request.headers["X-Ovh-Timestamp"]
        signed = "+".join([AS, CK, request.method, gateway_stand_in.url + request.path, request.body.decode(), stamp])
        expected = "$1$" + hashlib.sha1(signed.encode(), usedforsecurity=False).hexdigest()
        good = request.headers["X-Ovh-Application"] == AK and request.headers["X-Ovh-Consumer"] == CK
        if not good or request.headers["X-Ovh-Signature"] != expected or abs(now - int(stamp)) > 30:
            return 400, b'{"errorCode": "INVALID_SIGNATURE", "message": "Invalid signature"}'
        gateway_stand_in.jobs.append((request.path, json.loads(request.body or b"null")))
        status, body = gateway_stand_in.reply
        return status, body if isinstance(body, bytes) else json.dumps(body).encode()

    gateway_stand_in.answer = answer
    return gateway_stand_in


@pytest.fixture
def ovh_settings(tmp_path):
    return load(
        tmp_path, SMS_GATEWAY="ovh", SMS_OVH_APPLICATION_KEY=AK, SMS_OVH_APPLICATION_SECRET=AS,
        SMS_OVH_CONSUMER_KEY=CK, SMS_OVH_SERVICE="sms-ab1/2-1", SMS_TIMEOUT="1", SMS_COST_CENTS="6.5",
    )  # fmt: skip


@pytest.fixture
def ovh_gateway(ovh_stand_in, ovh_settings):
    return sms.make_gateway(ovh_settings)


def test_ovh_tells_the_numbers_that_answered_stop(ovh_gateway, ovh_stand_in):
    ovh_stand_in.reply = (200, ["+33612345678", None])
    assert ovh_gateway.stopped() == ["+33612345678"]
    assert ovh_stand_in.jobs == [("/1.0/sms/sms-ab1%2F2-1/blacklists", None)]
    ovh_stand_in.reply = (200, {"message": "other"})
    assert ovh_gateway.stopped() == []


def test_ovh_serves_a_number_again_that_answered_stop(ovh_gateway, ovh_stand_in):
    held = "/1.0/sms/sms-ab1%2F2-1/blacklists"
    ovh_stand_in.reply = (200, [NUMBER])
    ovh_gateway.welcome("+33600000000")
    ovh_gateway.welcome(NUMBER)
    assert [path for path, _ in ovh_stand_in.jobs] == [held, held, f"{held}/{NUMBER.replace('+', '%2B')}"]
    ovh_stand_in.reply = (504, {})
    with pytest.raises(TemporaryFailure):
        ovh_gateway.welcome(NUMBER)


def test_ovh_takes_a_signed_message(ovh_gateway, ovh_stand_in):
    receipt = ovh_gateway.send(NUMBER, "Réunion à 18 h", "short-reference")
    assert ovh_stand_in.jobs == [
        (
            "/1.0/sms/sms-ab1%2F2-1/jobs",
            {
                "message": "Réunion à 18 h", "receivers": [NUMBER], "senderForResponse": True, "noStopClause": True,
                "priority": "high", "charset": "UTF-8", "coding": "7bit", "tag": "short-reference",
            },
        )
    ]  # fmt: skip
    assert receipt == sms.Receipt("2769", 1, 13)
    assert ovh_gateway.send(NUMBER, "a" * 400, "long") == sms.Receipt("2769", 3, 13)
    ovh_stand_in.reply = (200, {"ids": [1], "validReceivers": [NUMBER]})
    assert ovh_gateway.send(NUMBER, "a" * 400, "long") == sms.Receipt("1", 3, 19.5)


def test_ovh_shows_the_sender_of_the_settings_and_takes_any_text(ovh_stand_in, ovh_settings):
    gateway = sms.make_gateway(ovh_settings | {"SMS_SENDER": "Conseil"})
    gateway.send(NUMBER, NASTY, "r" * 120)
    gateway.send(NUMBER, NASTY, "r" * 120)
    jobs = [job for _, job in ovh_stand_in.jobs]
    assert jobs[0]["sender"] == "Conseil" and "senderForResponse" not in jobs[0]
    assert jobs[0]["message"] == NASTY and jobs[0]["coding"] == "8bit"
    assert jobs[0]["tag"] == jobs[1]["tag"] and len(jobs[0]["tag"]) == 20
    assert [request.path for request in ovh_stand_in.requests].count("/1.0/auth/time") == 1


def test_ovh_refuses_a_number_in_an_accepted_answer(ovh_gateway, ovh_stand_in):
    ovh_stand_in.reply = 200, {"ids": [], "invalidReceivers": [NUMBER], "validReceivers": [], "totalCreditsRemoved": 0}
    with pytest.raises(PermanentFailure) as caught:
        ovh_gateway.send(NUMBER, "a", REFERENCE)
    assert caught.value.blames_recipient


@pytest.mark.parametrize(
    ("status", "body", "outcome"),
    [
        (400, {"message": "cannot send contact information with shortcode"}, PermanentFailure),
        (400, {"message": "Not enough credits"}, TemporaryFailure), (402, {"message": "x"}, TemporaryFailure),
        (403, {"errorCode": "INVALID_CREDENTIAL", "message": "x"}, TemporaryFailure),
        (404, {"message": "no such service"}, TemporaryFailure), (409, {"message": "x"}, PermanentFailure),
        (429, {"message": "x"}, TemporaryFailure), (500, b"<html>", TemporaryFailure), (503, b"[]", TemporaryFailure),
        (504, b"", UnknownOutcome), (200, b"<html>", UnknownOutcome), (200, [], UnknownOutcome),
        (200, {}, UnknownOutcome), (200, None, UnknownOutcome),
    ],
)  # fmt: skip
def test_each_answer_of_ovh_has_its_outcome_and_none_blames_the_number(
    ovh_gateway, ovh_stand_in, status, body, outcome
):
    ovh_stand_in.reply = status, body
    with pytest.raises(outcome) as caught:
        ovh_gateway.send(NUMBER, "a", REFERENCE)
    assert len(ovh_stand_in.jobs) == 1 and not getattr(caught.value, "blames_recipient", False)


def test_after_a_change_of_clock_the_next_attempt_is_signed_anew(ovh_gateway, ovh_stand_in):
    ovh_gateway.send(NUMBER, "a", REFERENCE)
    ovh_stand_in.clock -= 3600
    with pytest.raises(TemporaryFailure, match="signature"):
        ovh_gateway.send(NUMBER, "b", REFERENCE)
    ovh_gateway.send(NUMBER, "b", REFERENCE)
    assert [job["message"] for _, job in ovh_stand_in.jobs] == ["a", "b"]


@pytest.mark.parametrize("clock", [(500, b"{}"), (200, b'"noon"'), (200, b"<html>"), (502, b"[]"), (200, b"null")])
def test_without_the_clock_of_ovh_nothing_was_sent(ovh_gateway, ovh_stand_in, clock):
    ovh_stand_in.answer = lambda request: clock
    with pytest.raises(TemporaryFailure):
        ovh_gateway.send(NUMBER, "a", REFERENCE)
    assert [request.method for request in ovh_stand_in.requests] == ["GET"]


def test_ovh_that_is_not_there_has_received_nothing(ovh_settings, monkeypatch):
    monkeypatch.setitem(ovh.client.ENDPOINTS, "ovh-eu", f"http://127.0.0.1:{closed_port()}/1.0")
    with pytest.raises(TemporaryFailure):
        sms.make_gateway(ovh_settings).send(NUMBER, "a", REFERENCE)


def test_the_silence_of_ovh_is_unknown_after_the_message_and_temporary_before(ovh_gateway, ovh_stand_in):
    ovh_stand_in.before = lambda: time.sleep(1.5)
    with pytest.raises(TemporaryFailure):
        ovh_gateway.send(NUMBER, "a", REFERENCE)
    ovh_stand_in.before = None
    ovh_gateway.send(NUMBER, "a", REFERENCE)
    ovh_stand_in.before = lambda: time.sleep(1.5)
    with pytest.raises(UnknownOutcome):
        ovh_gateway.send(NUMBER, "b", REFERENCE)


def test_ovh_s_client_follows_no_redirect_with_our_keys(ovh_gateway, ovh_stand_in):
    ovh_gateway.send(NUMBER, "a", REFERENCE)
    ovh_stand_in.answer, ovh_stand_in.headers = (
        lambda request: (307, b""),
        {"Location": ovh_stand_in.url + "/elsewhere"},
    )
    with pytest.raises(TemporaryFailure, match="307"):
        ovh_gateway.send(NUMBER, "a", REFERENCE)
    assert not any("elsewhere" in request.path for request in ovh_stand_in.requests)


# Settings ---------------------------------------------------------------------------------------------------------

OVH = {"SMS_GATEWAY": "ovh", "SMS_OVH_APPLICATION_KEY": "a", "SMS_OVH_APPLICATION_SECRET": "b",
       "SMS_OVH_CONSUMER_KEY": "c", "SMS_OVH_SERVICE": "d"}  # fmt: skip
HTTP = {"SMS_GATEWAY": "http", "SMS_HTTP_URL": "https://sms.exemple.fr/", "SMS_HTTP_BODY": JSON_BODY,
        "SMS_HTTP_HEADERS": "Content-Type: application/json"}  # fmt: skip


@pytest.mark.parametrize("base", [OVH, HTTP], ids=["ovh", "http"])
def test_a_gateway_asks_for_its_settings_and_for_no_other(tmp_path, base):
    assert sms.make_gateway(load(tmp_path, **base)) is not None
    for name in set(base) - {"SMS_GATEWAY"}:
        with pytest.raises(config.ConfigError, match="SMS_HTTP_(BODY|HEADERS)" if "HTTP_HEAD" in name else name):
            load(tmp_path, **base | {name: ""})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SMS_GATEWAY", "pigeon"), ("SMS_OVH_ENDPOINT", "http://evil"), ("SMS_SENDER", "été"), ("SMS_SENDER", "a"),
        ("SMS_SENDER", "un nom bien trop long"), ("SMS_TIMEOUT", "0"), ("SMS_COST_CENTS", "cher"),
        ("SMS_COST_CENTS", "-1"), ("SMS_MONTHLY_CAP", "x"), ("SMS_COUNCIL_MONTHLY_CAP", "-1"),
        ("SMS_HTTP_METHOD", "DELETE"), ("SMS_HTTP_URL", "sms.exemple.fr"), ("SMS_HTTP_URL", "ftp://a.fr/"),
        ("SMS_HTTP_URL", "http://sms.exemple.fr/"), ("SMS_HTTP_URL", "https://a:b@sms.exemple.fr/"),
        ("SMS_HTTP_URL", "https://{text}/"), ("SMS_HTTP_URL", "https://a:99999/"), ("SMS_HTTP_URL", "https://[::1/"),
        ("SMS_HTTP_HEADERS", "pas un en-tête"), ("SMS_HTTP_HEADERS", "Nom: été"), ("SMS_HTTP_HEADERS", "X: {text}"),
        ("SMS_HTTP_HEADERS", "A: b\r\nC: d"), ("SMS_HTTP_BODY", "{text} {number}"),
        ("SMS_HTTP_BODY", '{"a": "{text}"}'),
    ],
)  # fmt: skip
def test_an_impossible_setting_of_sms_is_named_in_one_sentence(tmp_path, name, value):
    with pytest.raises(config.ConfigError, match=name) as caught:
        load(tmp_path, **HTTP | {name: value})
    assert str(caught.value).endswith((".", ")."))


def test_the_example_file_tells_all_the_rights_that_ovh_has_to_give():
    example = (config.ROOT / ".env.example").read_text()
    for right in ("POST sur /sms/*/jobs", "GET sur /sms/*/blacklists", "DELETE sur /sms/*/blacklists/*"):
        assert right in example


def test_every_setting_of_sms_is_in_the_example_file(tmp_path):
    example = (config.ROOT / ".env.example").read_text()
    for name in load(tmp_path):
        assert not name.startswith("SMS_") or f"#{name}=" in example
