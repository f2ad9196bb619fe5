"""What somebody newly wrote: history and signature blocks as mail programs make them, in several languages."""

from __future__ import annotations

import time

import pytest

from sales_agent.connectors.local.html_text import text_of_html
from sales_agent.connectors.local.newest_part import newest_part

CASES = {
    "english": ("Yes.\n\nBest regards,\nAda\n\nOn Mon, 3 Nov 2025 at 10:00, Robin <r@n.example> wrote:\n> Shall we?\n",
                "Yes.\n\nBest regards,\nAda"),
    "wrapped attribution": ("Yes.\n\nOn Mon, 3 Nov 2025 at 10:00, Robin Sommer\n<robin@northwind.example> wrote:\n> x\n", "Yes."),
    "no quote marks": ("Yes.\n\nOn Mon, 3 Nov 2025 at 10:00, Robin wrote:\n\nShall we?\nRobin", "Yes."),
    "german": ("Gerne.\n\nAm Mo., 3. Nov. 2025 um 10:00 Uhr schrieb Robin <r@n.example>:\n\n> Passt das?", "Gerne."),
    "german, name first": ("Gerne.\n\nAm 03.11.2025 10:00, Robin Sommer schrieb:\n> Passt das?", "Gerne."),
    "german outlook": ("Gerne.\n\nVon: Robin <r@n.example>\nGesendet: Montag, 3. November 2025 10:00\nAn: Ada\nBetreff: AW: x\n\nalt",
                       "Gerne."),
    "german bold outlook": ("Gerne.\n\n*Von:* Robin\n*Gesendet:* Montag\n*An:* Ada\n\nalt", "Gerne."),
    "french": ("Oui.\n\nLe lun. 3 nov. 2025 à 10:00, Robin <r@n.example> a écrit :\n\n> Ça va ?", "Oui."),
    "french outlook": ("Oui.\n\nDe : Robin\nEnvoyé : lundi 3 novembre 2025 10:00\nÀ : Ada\nObjet : x\n\nancien", "Oui."),
    "original message": ("See below.\n\n-----Ursprüngliche Nachricht-----\nold", "See below."),
    "rule": ("Fine.\n\n________________________________\nFrom: Robin\nold", "Fine."),
    "answers between": ("On 3 Nov 2025, Robin wrote:\n> Which day?\nTuesday.\n> How many?\n40.\n", "Tuesday.\n40."),
    "signature": ("Fine.\n\n-- \nAda Byron\nCTO", "Fine."),
    "contact block, english": ("Fine.\n\nKind regards,\nAda Byron\nCTO, Acme Ltd\n+44 20 7946 0000\nwww.acme.example",
                               "Fine.\n\nKind regards,\nAda Byron"),
    "contact block, german": ("Passt.\n\nMit freundlichen Grüßen\n\nAda Byron\n\nAcme GmbH\nTel. +49 30 1\nHRB 1 Berlin",
                              "Passt.\n\nMit freundlichen Grüßen\n\nAda Byron"),
    "contact block, french": ("D'accord.\n\nCordialement,\nAda Byron\nDirectrice, Acme\nTél. 01 00", "D'accord.\n\nCordialement,\nAda Byron"),
    "postscript": ("Fine.\n\nCheers,\nAda\n+44 20\nP.S. Bring the slides.", "Fine.\n\nCheers,\nAda\n\nP.S. Bring the slides."),
    "phone": ("Fine.\n\nVon meinem iPhone gesendet", "Fine."),
    "phone, french": ("Fine.\n\nEnvoyé de mon iPhone", "Fine."),
    "a list": ("We need:\n- one\n- two", "We need:\n- one\n- two"),
    "a sentence that begins like an attribution": ("On 3 Nov we met and you wrote: nothing.", "On 3 Nov we met and you wrote: nothing."),
    "a question after thanks": ("Regards\nfrom Rome. Prices up.\nCan you send the offer?", "Regards\nfrom Rome. Prices up.\nCan you send the offer?"),
    "one header line": ("From: our side all is well.\nShall we talk?", "From: our side all is well.\nShall we talk?"),
    "forward only": ("From: a\nSent: b\nTo: c\n\nold", ""),
    "nothing": ("", ""),
}


@pytest.mark.parametrize(("text", "newest"), CASES.values(), ids=CASES)
def test_only_what_is_new_is_left(text: str, newest: str) -> None:
    assert newest_part(text) == newest


HOSTILE = ["On ", "On\n", "On 1 wrote ", "Am 1 schrieb x ", "> ", ">\n", "\n", "_", "-", "From: a\n", "From: a\nTo: b\n", "Regards\n",
           "von meinem ", "*", " \n", "Le 1 a écrit\n"]


@pytest.mark.parametrize("unit", HOSTILE)
def test_no_text_takes_long(unit: str) -> None:
    started = time.process_time()
    newest_part((unit * 50_000)[:50_000])
    assert time.process_time() - started < 1


@pytest.mark.parametrize(("html", "text"), [
    ("<p>Hello <b>you</b> there,</p>\n<p>one<br>two</p>", "Hello you there,\n\none\ntwo"),
    ("<div>one</div><div>two</div> <div><span>three</span> four</div>", "one\ntwo\nthree four"),
    ("Hello<div>second</div>", "Hello\nsecond"),
    ("a &lt;b&gt; &amp;amp; c &nbsp; d", "a <b> &amp; c d"),
    ("<head><title>x</title><style>p{a:b}</style></head><body>seen<script>if (a<b) x()</script></body>", "seen"),
    ("new<blockquote>old<blockquote>older</blockquote>old</blockquote> end", "new end"),
    ('new<div class="gmail_quote">On 3 Nov wrote:<div>old</div></div>', "new"),
    ('new<div id="divRplyFwdMsg">From: x</div><div>old</div>', "new"),
    ("seen<span style='color:red; display: none'>hidden</span><i hidden>hidden</i>", "seen"),
    ("seen<!-- <b>not</b> --> too<!--[if mso]>no<![endif]-->", "seen too"),
    ("1 < 2 and 3 > 2", "1 < 2 and 3 > 2"), ("<p>cut off <b", "cut off <b"), ("open <!-- never closed", "open"), ("", ""),
])
def test_html_is_read_as_a_person_sees_it(html: str, text: str) -> None:
    assert text_of_html(html).strip() == text


@pytest.mark.parametrize("unit", ["<div>", "<p hidden>a", "<table>", "<blockquote>", "<", "<!--", "<!", "<a title='", "&", "<b>x</b>"])
def test_no_html_takes_long(unit: str) -> None:
    started = time.process_time()
    text_of_html((unit * 500_000)[:500_000])
    assert time.process_time() - started < 3
