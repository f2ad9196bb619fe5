"""What every mailbox adapter must do: find, thread and read mail, and lay down drafts that mean what was asked."""

from __future__ import annotations

import asyncio
import re
from datetime import timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage

import pytest
from port_worlds import MONDAY, OWNER, MailWorld

from sales_agent.core.errors import ConnectorError
from sales_agent.ports.mail import DraftMail, MailMessage


@pytest.fixture
def world(mail_world: MailWorld) -> MailWorld:
    return mail_world


def letter(number: int, *, sender: str = "Ada <ada@acme.example>", to: str = OWNER, subject: str = "Hello",
           body: str = "Hi there.\n", hours: int = 0, **headers: str) -> bytes:
    """Raw bytes, headers exactly as given; `parent_` stands for In-Reply-To."""
    lines = {"From": sender, "To": to, "Subject": subject, "Message-ID": f"<{number}@x.example>",
             "Date": f"{MONDAY + timedelta(hours=hours):%a, %d %b %Y %H:%M:%S +0000}",
             **{name.replace("_", "-"): value for name, value in headers.items()}}
    head = "".join(f"{name}: {value}\r\n" for name, value in lines.items() if value)
    return (head + "\r\n" + body.replace("\n", "\r\n")).encode("utf-8", "surrogateescape")


async def only_message(world: MailWorld, address: str = "ada@acme.example") -> MailMessage:
    (found,) = await world.mailbox.search_threads(address)
    thread = await world.mailbox.read_thread(found.id)
    assert thread is not None
    (message,) = thread.messages
    return message


async def test_a_message_says_who_wrote_what_when(world: MailWorld) -> None:
    world.deliver(letter(1, to=f"Robin <{OWNER}>, Bob <BOB@acme.example>", Cc="cyd@acme.example"))
    message = await only_message(world)
    assert (message.message_id, message.direction, message.date) == ("<1@x.example>", "received", MONDAY)
    assert (message.sender, message.sender_name) == ("ada@acme.example", "Ada")
    assert message.recipients == (OWNER, "bob@acme.example", "cyd@acme.example")
    assert (message.subject, message.text, message.automatic) == ("Hello", "Hi there.", False)


async def test_search_finds_writer_and_reader_in_any_case_and_nobody_else(world: MailWorld) -> None:
    world.deliver(letter(1, sender="Ada <ADA@Acme.Example>", Cc="Bob <bob@acme.example>"))
    for address in ("ada@acme.example", " Ada@ACME.example ", "bob@acme.example"):
        assert len(await world.mailbox.search_threads(address)) == 1
    for address in ("", "da@acme.example", "acme.example", "eve@evil.example"):
        assert await world.mailbox.search_threads(address) == []


async def test_a_thread_is_made_by_references_and_its_messages_are_in_order(world: MailWorld) -> None:
    world.deliver(letter(3, hours=2, subject="Other words", References="<1@x.example> <2@x.example>"))
    world.sent(letter(2, hours=1, sender=OWNER, to="ada@acme.example", In_Reply_To="<1@x.example>"))
    world.deliver(letter(1))
    (found,) = await world.mailbox.search_threads("ada@acme.example")
    assert (found.subject, found.message_count, found.last_at) == ("Hello", 3, MONDAY + timedelta(hours=2))
    thread = await world.mailbox.read_thread(found.id)
    assert thread is not None
    assert [message.message_id for message in thread.messages] == ["<1@x.example>", "<2@x.example>", "<3@x.example>"]
    assert [message.direction for message in thread.messages] == ["received", "sent", "received"]
    assert {message.thread_id for message in thread.messages} == {thread.id}


async def test_a_late_link_joins_what_belongs_together_and_old_ids_still_work(world: MailWorld) -> None:
    world.deliver(letter(1))
    world.deliver(letter(3, hours=2, In_Reply_To="<2@x.example>"))
    before = await world.mailbox.search_threads("ada@acme.example")
    assert len(before) == 2
    world.sent(letter(2, hours=1, sender=OWNER, to="ada@acme.example", In_Reply_To="<1@x.example>"))
    (after,) = await world.mailbox.search_threads("ada@acme.example")
    assert after.message_count == 3
    late = await world.mailbox.read_thread(before[0].id)
    assert late is None or late.id == after.id


async def test_a_missing_message_in_between_does_not_tear_a_thread(world: MailWorld) -> None:
    world.deliver(letter(1))
    world.deliver(letter(3, hours=2, References="<1@x.example> <2@x.example>"))
    assert [each.message_count for each in await world.mailbox.search_threads("ada@acme.example")] == [2]


async def test_a_subject_never_joins_threads(world: MailWorld) -> None:
    world.deliver(letter(1, subject="Re: Pricing"))
    world.deliver(letter(2, subject="Re: Pricing", hours=1))
    assert [each.message_count for each in await world.mailbox.search_threads("ada@acme.example")] == [1, 1]


async def test_a_stranger_cannot_tie_two_conversations_together(world: MailWorld) -> None:
    world.deliver(letter(1))
    world.deliver(letter(2, sender="bob@other.example"))
    world.deliver(letter(3, sender="eve@evil.example", hours=1, References="<1@x.example> <2@x.example>"))
    world.deliver(letter(4, sender="eve@evil.example", hours=1, References="<2@x.example> <1@x.example>"))
    (ada,) = await world.mailbox.search_threads("ada@acme.example")
    (bob,) = await world.mailbox.search_threads("bob@other.example")
    assert ada.id != bob.id


async def test_references_in_a_ring_or_to_itself_end(world: MailWorld) -> None:
    world.deliver(letter(1, In_Reply_To="<2@x.example>"))
    world.deliver(letter(2, In_Reply_To="<1@x.example>"))
    world.deliver(letter(3, sender="bob@x.example", In_Reply_To="<3@x.example>"))
    assert [each.message_count for each in await world.mailbox.search_threads("ada@acme.example")] == [2]
    assert len(await world.mailbox.search_threads("bob@x.example")) == 1


async def test_newest_threads_come_first_and_the_limit_holds(world: MailWorld) -> None:
    for number in range(5):
        world.deliver(letter(number, hours=number))
    found = await world.mailbox.search_threads("ada@acme.example", limit=3)
    assert [each.last_at for each in found] == [MONDAY + timedelta(hours=hours) for hours in (4, 3, 2)]


async def test_our_own_past_is_what_lies_in_the_sent_folder_whatever_from_says(world: MailWorld) -> None:
    world.deliver(letter(1, sender=f"Robin Sommer <{OWNER}>", subject="Forged"))
    world.sent(letter(2, sender="Robin <robin.alias@northwind.example>", to="ada@acme.example", subject="Ours"))
    assert [thread.subject for thread in await world.mailbox.recent_sent()] == ["Ours"]


async def test_a_copy_of_our_own_mail_counts_once_as_sent(world: MailWorld) -> None:
    raw = letter(1, sender=OWNER, to="ada@acme.example", Cc=OWNER)
    world.sent(raw)
    world.deliver(b"Received: from here\r\n" + raw)
    assert (await only_message(world)).direction == "sent"


@pytest.mark.parametrize(("sender", "address"), [
    ('"boss@corp.example <boss@corp.example>" <eve@evil.example>', "eve@evil.example"),
    ("boss@corp.example <eve@evil.example>", "eve@evil.example"),
    ("=?utf-8?q?boss=40corp=2Eexample=2C?= <eve@evil.example>", "eve@evil.example"),
    ("=?utf-8?q?boss=40corp=2Eexample=3E?= <eve@evil.example>", "eve@evil.example"),
    ("eve@evil.example (boss@corp.example)", "eve@evil.example"),
    ("<boss@corp.example>eve@evil.example", ""), ("<eve@evil.example> boss@corp.example", ""),
    ('"boss@corp.example"@evil.example', ""), ("boss", ""), ("", "")])
async def test_a_display_name_is_never_the_sender(world: MailWorld, sender: str, address: str) -> None:
    world.deliver(letter(1, sender=sender, Cc="ada@acme.example"))
    assert (await only_message(world)).sender == address
    assert await world.mailbox.search_threads("boss@corp.example") == []


@pytest.mark.parametrize("header", [
    {"Auto_Submitted": "auto-replied"}, {"Auto_Submitted": "auto-generated; x=y"}, {"Precedence": "Bulk"},
    {"List_Id": "<news.x.example>"}, {"Return_Path": "<>"}, {"X_Autoreply": "yes"},
    {"Content_Type": "multipart/report; report-type=delivery-status; boundary=b"},
    {"From": "Mail Delivery <MAILER-DAEMON@x.example>"}, {"From": "No-Reply@x.example"}, {"Feedback_ID": "1:campaign"},
    {"X_Auto_Response_Suppress": "All"}, {"Content_Type": "text/calendar; method=REPLY"},
    {"Subject": "Automatic reply: Hello"}, {"Subject": "Out of office"}, {"Subject": "Abwesenheitsnotiz"},
    {"Subject": "=?utf-8?q?R=C3=A9ponse_automatique_=3A?= Hello"}], ids=str)
async def test_machines_are_told_from_people(world: MailWorld, header: dict[str, str]) -> None:
    world.deliver(letter(1, Cc="ada@acme.example", **header))
    assert (await only_message(world)).automatic


@pytest.mark.parametrize("header", [
    {"Auto_Submitted": "no"}, {"Auto_Submitted": "NO ; x"}, {"Precedence": "first-class"},
    {"Subject": "Re: out of office rules"}, {"Subject": "Automation"}])
async def test_people_are_not_taken_for_machines(world: MailWorld, header: dict[str, str]) -> None:
    world.deliver(letter(1, **header))
    assert not (await only_message(world)).automatic


@pytest.mark.parametrize(("body", "text"), [
    ("Yes, please.\n\nBest,\nAda\n\nOn Mon, 3 Nov 2025 at 10:00, Robin <r@n.example> wrote:\n> Shall we?\n> R\n",
     "Yes, please.\n\nBest,\nAda"),
    ("Gerne.\n\nAm 3.11.2025 um 10:00 schrieb Robin <r@n.example>:\n> Passt das?\n", "Gerne."),
    ("See below.\n\n-----Original Message-----\nFrom: R\nTo: A\n\nOld", "See below."),
    ("Fine.\n\n-- \nAda Byron\nCTO\n", "Fine."), ("Fine.\n\nSent from my iPhone\n", "Fine."),
    ("We need:\n- one\n- two\n", "We need:\n- one\n- two"), ("> old\nnew\n", "new"), ("", ""),
], ids=["english", "german", "outlook", "signature", "phone", "list", "leading quote", "empty"])
async def test_the_text_is_the_newest_part(world: MailWorld, body: str, text: str) -> None:
    world.deliver(letter(1, body=body))
    assert (await only_message(world)).text == text


async def test_plain_text_is_preferred_and_html_is_read_where_there_is_no_other(world: MailWorld) -> None:
    both = EmailMessage()
    both.set_content("Plain words")
    both.add_alternative("<p>Rich words</p>", subtype="html")
    html = EmailMessage()
    html.set_content("<head><style>p{}</style></head><p>Can <b>you</b> call?</p><script>x()</script>"
                     "<blockquote>old</blockquote>", subtype="html")
    for number, (message, sender) in enumerate(((both, "ada@acme.example"), (html, "bob@acme.example"))):
        message["From"], message["To"], message["Message-ID"] = sender, OWNER, f"<{number}@x.example>"
        world.deliver(message.as_bytes(policy=policy.SMTP))
    assert (await only_message(world)).text == "Plain words"
    assert (await only_message(world, "bob@acme.example")).text == "Can you call?"


@pytest.mark.parametrize("content_type", [
    'text/plain; charset="x-unknown"', 'text/plain; charset="utf-8"', 'text/plain; charset="ascii"', "text/plain",
    'text/plain; charset="utf-16"', "nonsense", "text/html; charset=x"])
async def test_a_lying_or_unknown_charset_never_raises(world: MailWorld, content_type: str) -> None:
    world.deliver(letter(1, Content_Type=content_type).replace(b"Hi there.", b"Gr\xfc\xdfe\x00 there"))
    message = await only_message(world)
    assert "\x00" not in message.text
    message.text.encode()  # no lone surrogates


async def test_odd_headers_never_raise(world: MailWorld) -> None:
    raw = letter(1, subject="=?utf-8?b?!!!?= \udcff", Date="", In_Reply_To="a@b, <c d@e>", References="<" * 5000)
    world.deliver(raw)
    message = await only_message(world)
    assert message.references == ()
    assert message.date == MONDAY  # that of its arrival
    message.subject.encode()


HOSTILE = {"one line": "Am x schrieb " * 4000, "blank lines": "\n" * 50_000, "openings": "On \n" * 12_000,
           "wrote": "On x wrote " * 4000, "rulers": ("_" * 33 + "\n") * 1500, "quotes": "> > > >" * 7000}


@pytest.mark.timeout(20)
@pytest.mark.parametrize("body", HOSTILE.values(), ids=HOSTILE)
async def test_no_body_takes_long_to_read(world: MailWorld, body: str) -> None:
    world.deliver(letter(1, body=f"Hi.\n{body}"))
    started = asyncio.get_running_loop().time()
    await only_message(world)
    assert asyncio.get_running_loop().time() - started < 5


@pytest.mark.timeout(20)
@pytest.mark.parametrize("name", ["From", "Cc", "Subject", "References", "Content_Type", "Message_ID", "Date"])
@pytest.mark.parametrize("unit", ['"', "(", "<", "a@b.c, ", "=?utf-8?q?a?= "])
async def test_no_header_takes_long_to_read_nor_hides_other_mail(world: MailWorld, name: str, unit: str) -> None:
    world.deliver(letter(1))
    world.deliver(letter(2, **{name: unit * (60_000 // len(unit)), "To": f"{OWNER}, bob@acme.example"}))
    started = asyncio.get_running_loop().time()
    found = await world.mailbox.search_threads("ada@acme.example")
    assert "Hello" in {each.subject for each in found}
    assert asyncio.get_running_loop().time() - started < 5


async def test_new_mail_is_seen_at_once_though_answers_are_kept(world: MailWorld) -> None:
    for number in range(5):
        world.deliver(letter(number, hours=number))
        assert len(await world.mailbox.search_threads("ada@acme.example")) == number + 1


async def test_many_readers_at_once_see_the_same(world: MailWorld) -> None:
    for number in range(20):
        world.deliver(letter(number))
    found = await asyncio.gather(*(world.mailbox.search_threads("ada@acme.example", 100) for _ in range(64)))
    assert {len(each) for each in found} == {20}


async def test_an_unknown_thread_is_none(world: MailWorld) -> None:
    for thread_id in ("", "nothing", "../../etc", "\x00"):
        assert await world.mailbox.read_thread(thread_id) is None


DRAFT = DraftMail("ada@acme.example", "Ada Byron", "Re: Hello", "Hi Ada,\n\nyes.\n", in_reply_to="<2@x.example>",
                  references=("<1@x.example>", "<2@x.example>"), thread_id="t1")


async def test_a_draft_is_a_reply_in_its_thread(world: MailWorld) -> None:
    reference = await world.mailbox.save_draft(DRAFT, "draft:1")
    (raw,) = world.drafts()
    message = message_from_bytes(raw, policy=policy.default)
    assert (str(message["From"]), str(message["To"])) == (f"Robin Sommer <{OWNER}>", "Ada Byron <ada@acme.example>")
    assert (message["In-Reply-To"], message["References"]) == ("<2@x.example>", "<1@x.example> <2@x.example>")
    assert message.get_content().replace("\r\n", "\n") == "Hi Ada,\n\nyes.\n"
    assert str(message["Message-ID"]).endswith("@northwind.example>")
    assert reference.thread_id == "t1"
    assert b"\n" not in raw.replace(b"\r\n", b"")


async def test_saving_again_replaces_the_draft_and_another_key_makes_another(world: MailWorld) -> None:
    first = await world.mailbox.save_draft(DRAFT, "draft:1")
    changed = DraftMail("ada@acme.example", "Ada", "Changed", "New text")
    again, *_ = await asyncio.gather(*(world.mailbox.save_draft(changed, "draft:1") for _ in range(5)))
    (raw,) = world.drafts()
    assert first.id == again.id
    assert message_from_bytes(raw, policy=policy.default)["Subject"] == "Changed"
    other = await world.mailbox.save_draft(DRAFT, "draft:2")
    assert other.id != first.id
    assert len(world.drafts()) == 2


async def test_a_draft_is_no_part_of_a_conversation(world: MailWorld) -> None:
    await world.mailbox.save_draft(DRAFT, "draft:1")
    assert await world.mailbox.search_threads("ada@acme.example") == []
    assert await world.mailbox.recent_sent() == []


INJECTIONS = ["Hi\r\nBcc: eve@evil.example", "Hi\nBcc: eve@evil.example", "=?utf-8?q?hi=0ABcc:_eve=40evil.example?=",
              "=?utf-8?b?aGkKQmNjOiBldmVAZXZpbC5leGFtcGxl?=", "=?=?utf-8?q?x?=utf-8?q?hi=0ABcc:_eve=40evil.example?=",
              "Hi\x00\x0b\x0c\x85\u2028Bcc: eve@evil.example", '" <eve@evil.example>, "', "\ud800\u202eHi", "x" * 5000, "ü" * 500]


@pytest.mark.parametrize("hostile", INJECTIONS, ids=range(len(INJECTIONS)))
async def test_no_text_becomes_a_header_or_a_recipient(world: MailWorld, hostile: str) -> None:
    draft = DraftMail("ada@acme.example", hostile, hostile, hostile, in_reply_to=f"<{hostile}@x.example>",
                      references=(hostile, f"<{hostile}@x.example>", "<1@x.example>"))
    await world.mailbox.save_draft(draft, "draft:1")
    (raw,) = world.drafts()
    message = message_from_bytes(raw, policy=policy.default)
    assert set(message.keys()) - {"In-Reply-To"} == {
        "From", "To", "Subject", "Date", "Message-ID", "References", "X-Sales-Agent-Key", "Content-Type",
        "Content-Transfer-Encoding", "MIME-Version"}
    assert len(set(message.keys())) == len(message.keys())
    assert [address.addr_spec for address in message["To"].addresses] == ["ada@acme.example"]
    assert b"\r\nbcc" not in raw.partition(b"\r\n\r\n")[0].lower()
    assert max(len(line) for line in raw.split(b"\r\n")) <= 998


@pytest.mark.parametrize("recipient", [
    "", "ada", "ada@acme.example, eve@evil.example", "ada@acme.example\r\nBcc: eve@evil.example", "ädä@acme.example",
    "\ud800@acme.example", "ada@", "@acme.example", "ada@-.example", "Ada <ada@acme.example>", "=?utf-8?q?a?=@acme.example\n", "<ada@acme.example>eve@evil.example"])
async def test_a_recipient_that_is_not_one_plain_address_is_refused(world: MailWorld, recipient: str) -> None:
    with pytest.raises(ConnectorError) as caught:
        await world.mailbox.save_draft(DraftMail(recipient, "Ada", "Hi", "Hi"), "draft:1")
    assert not caught.value.transient
    assert world.drafts() == []


async def test_long_message_ids_reach_the_draft_whole(world: MailWorld) -> None:
    long = f"<{'A' * 90}@eurprd01.prod.example>"
    await world.mailbox.save_draft(DraftMail("ada@acme.example", "", "Hi", "Hi", long, (long, long)), "draft:1")
    (raw,) = world.drafts()
    assert f"In-Reply-To: {long}\r\n".encode() in raw


async def test_a_label_is_put_on_once_and_on_one_thread(world: MailWorld) -> None:
    for _ in range(2):
        await world.mailbox.label_thread("t1", "sales-agent/drafted")
    await world.mailbox.label_thread("t1", "urgent")
    await world.mailbox.label_thread("../../outside", "..")
    assert world.labels("t1") == {"sales-agent/drafted", "urgent"}
    assert world.labels("t2") == set()
    assert world.labels("../../outside") == {".."}


async def test_check_says_what_is_there(world: MailWorld) -> None:
    world.deliver(letter(1))
    assert "1 messages in 1 threads" in await world.mailbox.check()


def _lines_and_words(raw: bytes) -> tuple[list[bytes], list[bytes]]:
    head = raw.partition(b"\r\n\r\n")[0]
    return raw.split(b"\r\n"), re.findall(rb"=\?[^ ?]*\?[bq]\?[^ ]*\?=", head)


@pytest.mark.parametrize(("name", "subject"), [
    ("Ada Byron", "Hello"), ("Byron, Ada (CTO)", "Offer: 20 % off; yours?"), ("Dr. Ada B.", "Is 1+1 = 2?"),
    ("Zoë Müller-Lüdenscheidt, M.A.", "Grüße aus Köln — " * 12), ("李小龍", "会議のご案内 " * 30), ("", "x"),
    ("A" * 60 + " " + "B" * 59, "a longer subject with many words in it " * 6), ("🙂 Ada", "🙂" * 100)])
async def test_names_and_subjects_arrive_as_they_were_and_every_line_is_short(
        world: MailWorld, name: str, subject: str) -> None:
    await world.mailbox.save_draft(DraftMail("ada@acme.example", name, subject, "Hi"), "draft:1")
    (raw,) = world.drafts()
    message = message_from_bytes(raw, policy=policy.default)
    assert message["To"].addresses[0].display_name == name
    assert message["Subject"] == subject.strip()[:250].strip()
    lines, words = _lines_and_words(raw)
    assert max(map(len, lines)) <= 78 or name.startswith("AAA")
    assert all(len(word) <= 75 for word in words)


@pytest.mark.parametrize("text", [
    "Hi Ada,\n\nyes.", "Grüße\n\n" + "ein langer Absatz " * 40 + "\nEnde", "x" * 3_000, ".\n..\nFrom me\n-- \nR", "a = b\n\ttab ",
    "trailing   \nspaces", "https://www.northwind.example/" + "x" * 120 + "?a=b&c=d"])
async def test_the_body_arrives_as_it_was(world: MailWorld, text: str) -> None:
    await world.mailbox.save_draft(DraftMail("ada@acme.example", "Ada", "Hi", text), "draft:1")
    (raw,) = world.drafts()
    content = message_from_bytes(raw, policy=policy.default).get_content()
    assert content.replace("\r\n", "\n") == text.strip() + "\n"
    assert max(map(len, raw.split(b"\r\n"))) <= 78
    assert raw.isascii()


async def test_a_recipient_with_an_international_domain_is_written_in_ascii(world: MailWorld) -> None:
    await world.mailbox.save_draft(DraftMail("Ada@Bücher.example", "Ada", "Hi", "Hi"), "draft:1")
    (raw,) = world.drafts()
    assert b"To: Ada <ada@xn--bcher-kva.example>\r\n" in raw


async def test_mail_with_an_international_domain_is_found_in_both_spellings(world: MailWorld) -> None:
    world.deliver(letter(1, sender="Ada <ada@bücher.example>"))
    for address in ("ada@bücher.example", "ADA@xn--bcher-kva.example"):
        assert len(await world.mailbox.search_threads(address)) == 1


async def test_a_long_chain_of_references_keeps_its_first_and_its_last(world: MailWorld) -> None:
    chain = tuple(f"<{number}@x.example>" for number in range(500))
    world.deliver(letter(1, References=" ".join(chain)))
    message = await only_message(world)
    assert (message.references[0], message.references[-1]) == (chain[0], chain[-1])
    await world.mailbox.save_draft(DraftMail("ada@acme.example", "Ada", "Hi", "Hi", chain[-1], chain), "draft:1")
    (raw,) = world.drafts()
    references = str(message_from_bytes(raw, policy=policy.default)["References"]).split()
    assert (references[0], references[-1]) == (chain[0], chain[-1])
    assert len(references) <= 50


async def test_the_same_key_has_the_same_message_id(world: MailWorld) -> None:
    ids = set()
    for subject in ("One", "Two"):
        await world.mailbox.save_draft(DraftMail("ada@acme.example", "Ada", subject, "Hi"), "draft:1")
        (raw,) = world.drafts()
        ids.add(message_from_bytes(raw, policy=policy.default)["Message-ID"])
    assert len(ids) == 1


@pytest.mark.parametrize("key", ["", "k" * 5_000, "../../x", "a\x00b\ud800", "a\r\nBcc: eve@evil.example"])
async def test_any_key_makes_one_draft(world: MailWorld, key: str) -> None:
    for _ in range(2):
        await world.mailbox.save_draft(DRAFT, key)
    (raw,) = world.drafts()
    assert "Bcc" not in message_from_bytes(raw, policy=policy.default)


async def test_a_discarded_draft_is_gone_and_only_that_one(world: MailWorld) -> None:
    await world.mailbox.save_draft(DRAFT, "draft:1")
    await world.mailbox.save_draft(DRAFT, "draft:2")
    await world.mailbox.discard_draft("draft:1")
    await world.mailbox.discard_draft("draft:1")
    await world.mailbox.discard_draft("draft:3")
    assert len(world.drafts()) == 1
    await world.mailbox.save_draft(DRAFT, "draft:1")
    assert len(world.drafts()) == 2


BOUNCE = """--b
Content-Type: text/plain

Your mail came back.
--b
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.acme.example

Final-Recipient: rfc822; ada@acme.example
Action: failed
Status: 5.1.1
--b
Content-Type: text/rfc822-headers

Message-ID: <1@northwind.example>
X-Sales-Agent-Key: sa-1
--b--
"""


async def test_a_bounce_is_reported_with_the_key_of_the_mail_that_came_back(world: MailWorld) -> None:
    world.deliver(letter(1))
    world.deliver(letter(2, sender="MAILER-DAEMON@mx.acme.example", body=BOUNCE, MIME_Version="1.0",
                         Content_Type='multipart/report; report-type=delivery-status; boundary="b"'))
    [report] = await world.mailbox.delivery_reports(MONDAY - timedelta(days=1))
    assert (report.kind, report.status, report.key, report.message_id) == ("hard_bounce", "5.1.1", "sa-1", "<1@northwind.example>")
    assert await world.mailbox.delivery_reports(MONDAY + timedelta(days=1)) == []
