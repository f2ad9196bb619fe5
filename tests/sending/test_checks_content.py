"""What a letter says: personal data, promises, harsh words, gaps of the template, names."""

from __future__ import annotations

from collections.abc import Iterable

import pytest
from check_cases import BODY, case, marked
from hypothesis import given, settings
from hypothesis import strategies as st

from sales_agent.sending.checks import CHECKS
from sales_agent.sending.checks.case import Check, CheckCase, Finding, Severity
from sales_agent.sending.checks.policy import ProhibitedTerm

CONTENT = ("identity_numbers", "payment_data", "credentials", "other_people", "prohibited_terms", "promises", "wording",
           "placeholders", "names")
BY_NAME: dict[str, Check] = {check.name: check for check in CHECKS}
AWS_KEY = "AKIA" + "IOSFODNN7EXAMPLE"
GITHUB_TOKEN = "ghp_" + "16C7e42F292c6912E7710c838347Ae178B4a"
SLACK_TOKEN = "xoxb-" + "2345678901-2345678901234-AbCdEfGhIjKlMnOp"
DISCORD_TOKEN = "MTE4NzM2NTE5MjM0NTY3" + "ODkw.GkQ7vT.x2LmR7WbYc5HdPf9JsGuZk3vQ8nLx2MtR7Wb"
DOCKER_TOKEN = "dckr_pat_" + "Kx7QzLm2VbNtRcWdYf4JpUgSa8E"
NEW_RELIC_KEY = "NRAK-" + "7QZLM2VBNTRCWDYF4JPUGSA8EOX"
STRIPE_KEY = "sk_live_" + "4eC39HqLyjWDarjtT1zdp7dc"
GOOGLE_KEY = "AIza" + "SyD-9tSrke72PouQMnMX-a7eZSW0jkFMBWY"
AI_KEY = "sk-proj-" + "aB3dE5fG7hI9jK1lM3nO5pQ7"
JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9PlFUP0THsR8U"
PEM = "-----BEGIN RSA " + "PRIVATE KEY-----"


def found(name: str, of: CheckCase) -> list[Finding]:
    return list(BY_NAME[name].run(of))


def blocks(name: str, of: CheckCase) -> list[str]:
    return [marked(of, each) for each in found(name, of) if each.severity is Severity.VIOLATION]


def in_body(sentence: str) -> str:
    return BODY.replace("Would Tuesday", f"{sentence}\n\nWould Tuesday")


def violating(name: str, *marks: tuple[str, str]) -> Iterable[object]:
    return [pytest.param(name, sentence, mark, id=f"{name}: {sentence[:50]}") for sentence, mark in marks]


VIOLATIONS = [
    *violating(
        "identity_numbers",
        ("His SSN is 536-22-1234.", "536-22-1234"),
        ("For the form: 536-22-1234", "536-22-1234"),
        ("Social security number 536 22 1234 is on file.", "536 22 1234"),
        ("SSN: 536221234", "536221234"),
        ("It is 536\u201122\u20111234, as agreed.", "536\u201122\u20111234"),
        ("A \ufb01ne\u200b day, e\u0301, 53\u200b6-22-1234.", "53\u200b6-22-1234"),
        ("Ihr Reisepass Nr. C01X00T47 liegt vor.", "C01X00T47"),
        ("Passport number: 512345678", "512345678"),
        ("Mon passeport est 12AB34567.", "12AB34567"),
        ("NI number AB 12 34 56 C", "AB 12 34 56 C"),
        ("Steuer-ID 36 574 261 809", "36 574 261 809"),
        ("DNI 12345678Z", "12345678Z"),
        ("numéro 2 95 10 99 126 111 93 du salarié", "2 95 10 99 126 111 93"),
        ("codice RSSMRA85T10A562S", "RSSMRA85T10A562S"),
        ("AHV 756.9217.0769.85", "756.9217.0769.85"),
        ("Her social security number is 142-86-\n3307, she says.", "142-86-\n3307"),
        ("CPR number 070761-4285", "070761-4285"), ("hetu 131052-308T", "131052-308T"),
        ("fødselsnummer 15108695088", "15108695088"), ("PPS no. 6433435F", "6433435F"),
        ("Tax file number 123 456 782", "123 456 782"), ("CURP BOXW310820HNERXN09", "BOXW310820HNERXN09"),
        ("Sozialversicherungsnummer 1237 010180", "1237 010180"), ("Seguridad Social 28 1234567840", "28 1234567840"),
        ("South African ID number 7503305044089", "7503305044089"), ("NIF 501964843", "501964843"),
        ("The scan shows 360426199101010071.", "360426199101010071"),
        ("resident registration 971013-9019902", "971013-9019902"),
    ),
    *violating(
        "payment_data",
        ("Card 4111 1111 1111 1111 was charged.", "4111 1111 1111 1111"),
        ("We have 5555555555554444 on file.", "5555555555554444"),
        ("Amex 3782 822463 10005", "3782 822463 10005"),
        ("4242-4242-4242-4242", "4242-4242-4242-4242"),
        ("４２４２ ４２４２ ４２４２ ４２４２", "４２４２ ４２４２ ４２４２ ４２４２"),
        ("Please pay to DE89 3704 0044 0532 0130 00 by Friday.", "DE89 3704 0044 0532 0130 00"),
        ("IBAN: GB82WEST12345698765432", "GB82WEST12345698765432"),
        ("iban fr14 2004 1010 0505 0001 3m02 606 merci", "fr14 2004 1010 0505 0001 3m02 606"),
        ("The CVV is 123.", "123"),
        ("Sort code 20-00-00, bank account 55779911", "20-00-00"),
        ("Routing number 021000021", "021000021"),
        ("Paid with 4012 8888\n8888 1881, thank you.", "4012 8888\n8888 1881"),
        ("Pay to DE89 3704 0044\n0532 0130 00 by Friday.", "DE89 3704 0044\n0532 0130 00"),
    ),
    *violating(
        "credentials",
        (f"Use {AWS_KEY} for now.", AWS_KEY), (f"token {GITHUB_TOKEN}", GITHUB_TOKEN), (SLACK_TOKEN, SLACK_TOKEN),
        (f"key={STRIPE_KEY}", STRIPE_KEY), (f"Maps: {GOOGLE_KEY}.", GOOGLE_KEY), (AI_KEY, AI_KEY), (f"Try {JWT}", JWT),
        (PEM, PEM),
        ("Your password: Summer2026!", "Summer2026"), ("password: sunshine", "sunshine"),
        ("The password is hunter2.", "hunter2"), ("Passwort: geheim123", "geheim123"),
        ("Le mot de passe est Soleil!2026", "Soleil!2026"), ("contraseña: clave2026", "clave2026"),
        ("API key: 9f8e7d6c5b4a39281706", "9f8e7d6c5b4a39281706"),
        ("postgres://admin:s3cret@db.acme.example/prod", "postgres://admin:s3cret@db.acme.example"),
        ("Your PIN is 4711.", "4711"), ("Log in as demo, password demo1234.", "demo1234"),
        ("The PIN of the terminal is 4711.", "4711"), ("The one-time code is 883 201.", "883 201"),
        ("redis://:s3cret@cache.acme.example/0", "redis://:s3cret@cache.acme.example"),
        (DISCORD_TOKEN, DISCORD_TOKEN), (DOCKER_TOKEN, DOCKER_TOKEN), (NEW_RELIC_KEY, NEW_RELIC_KEY),
        ("Thanks for the call in Zoom. Password: Winter2026", "Winter2026"),
        ("aws_secret_access_key=wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"),
    ),
    *violating(
        "other_people",
        ("Ask ben.hart@initech.example about it.", "ben.hart@initech.example"),
        ("Ask ben.hart@gmail.com about it.", "ben.hart@gmail.com"),
        ("Write to ben.hart [at] initech.example", "ben.hart [at] initech.example"),
        ("Ben's mobile is +1 415 555 0132.", "+1 415 555 0132"),
        ("You can call Ben on +44 7700 900123.", "+44 7700 900123"),
        ("Ring (415) 555-0132 and ask for Ben.", "(415) 555-0132"),
        ("Herr Weber ist unter 030 901820 erreichbar.", "030 901820"),
        ("Son numéro : 01 99 00 12 34", "01 99 00 12 34"),
        ("Su teléfono es 612 345 678", "612 345 678"),
        ("Mobil: 0171 2345678", "0171 2345678"), ("tel:+14155550132", "+14155550132"),
        ("Call him on +44 7700\n900733, he knows.", "+44 7700\n900733"),
    ),
    *violating(
        "promises",
        ("We guarantee a return of 30 %.", "We guarantee"),
        ("Results are 100% guaranteed.", "guaranteed"),
        ("It is completely risk-free.", "risk-free"),
        ("We are liable for every loss.", "We are liable"),
        ("This email is legally binding.", "is legally binding"),
        ("There is a money-back promise.", "money-back"),
        ("You get a full refund.", "full refund"),
        ("I promise you will save a day a week.", "I promise you will"),
        ("No other vendor does this, and we guarantee it.", "we guarantee"),
        ("Not only do we guarantee uptime, we prove it.", "we guarantee"),
        ("Wir garantieren Ihnen 20 % mehr Umsatz.", "garantieren"),
        ("Das ist völlig risikofrei.", "risikofrei"),
        ("Sie bekommen Ihr Geld zurück.", "Geld zurück"),
        ("Nous garantissons ce résultat.", "Nous garantissons"),
        ("Satisfait ou remboursé.", "Satisfait ou remboursé"),
        ("Le garantizamos un ahorro.", "garantizamos"),
        ("Es una oferta sin riesgo alguno.", "sin riesgo"),
        ("We gu\u0430rantee it.", "We gu\u0430rantee"), ("It is\ng u a r a n t e e d, believe me.", "g u a r a n t e e d"),
        ("We beat any price.", "beat any price"), ("You have my word that it works.", "You have my word"),
        ("Ich gebe Ihnen mein Wort.", "gebe Ihnen mein Wort"),
    ),
    *violating(
        "wording",
        ("Only an idiot would wait.", "idiot"),
        ("Only an idi\u043et would wait.", "idi\u043et"), ("It is s t u p i d.", "is s t u p i d"),
        ("You will regret this.", "You will regret"),
        ("Stop wasting my time.", "Stop wasting"),
        ("This is not easy for a woman.", "for a woman"),
        ("No foreigners on the call, please.", "No foreigners"),
        ("What the hell is taking so long?", "What the hell"),
    ),
    *violating(
        "placeholders",
        ("Hello {{first_name}}, welcome.", "{{first_name}}"), ("Dear {first_name}", "{first_name}"),
        ("It helps [Company] grow.", "[Company]"), ("Meet [Your Name] there.", "[Your Name]"),
        ("I work with <NAME> there.", "<NAME>"), ("Hi %FIRSTNAME%", "%FIRSTNAME%"), ("It costs XXX euros.", "XXX"),
        ("TODO: add the figure", "TODO"), ("The date is TBD.", "TBD"), ("Lorem ipsum dolor sit amet", "Lorem ipsum dolor sit amet"),
        ("*|FNAME|* here", "*|FNAME|*"), ("See [insert link here] for more.", "[insert link here]"),
        ("A demo for undefined is set.", "for undefined"), ("Für [Vorname]", "[Vorname]"),
        ("Pour [Prénom]", "[Prénom]"), ("Para [Nombre de la empresa]", "[Nombre de la empresa]"),
        ("Hello ${contact.name}", "${contact.name}"), ("It saves XX% of the time.", "XX"),
        ("It helps {{\ncompany\n}} grow.", "{{\ncompany\n}}"),
    ),
]


@pytest.mark.parametrize(("name", "sentence", "mark"), VIOLATIONS)
def test_planted_problems_block_and_are_marked_where_they_stand(name: str, sentence: str, mark: str) -> None:
    of = case(in_body(sentence))
    assert mark in blocks(name, of)


@pytest.mark.parametrize(("name", "sentence", "mark"), VIOLATIONS)
def test_details_tell_what_to_do_and_never_what_was_found(name: str, sentence: str, mark: str) -> None:
    for each in found(name, case(in_body(sentence))):
        assert each.check == name
        assert mark not in each.detail or mark in ("idiot",)
        assert each.detail.endswith(".")


@pytest.mark.parametrize("name", ["identity_numbers", "payment_data", "credentials", "other_people", "promises", "placeholders"])
def test_subjects_are_read_too(name: str) -> None:
    sentence, mark = next((each.values[1], each.values[2]) for each in VIOLATIONS if each.values[0] == name)  # type: ignore[attr-defined]
    [finding] = found(name, case(subject=f"About it: {sentence}"))
    assert finding.part == "subject"
    assert marked(case(subject=f"About it: {sentence}"), finding) == mark


INNOCENT = [
    "Your order 4111111111111111 and invoice 2026-0004711 are on their way.",
    "We looked at 4111 1111 1111 1112 and 3782 822463 10006 and DE89 3704 0044 0532 0130 01.",
    "Order 123-45-6789 shipped on 2026-11-24.",
    "Tracking: 1Z999AA10123456784 and 00340434161094021501.",
    "UUID 123e4567-e89b-12d3-a456-426614174000, ticket #4815162342.",
    "It costs EUR 12,500.00 a year, or 1.234.567,00 € for the group; that is $4,200 less.",
    "The list price is 4 000 000 EUR for 12 500 000 rows.",
    "Free slots: 2026-11-24 10:00, 24.11.2026 11:30, 11/25/2026, or 0900-1700 on any day.",
    "Tuesday 10:00-10:30, Wednesday 14:00, Thursday 15:30.",
    "Our VAT id is DE123456789 and the server runs 10.20.30.40, version 2.14.3.",
    "IMEI 490154203237518 is the device that you asked about.",
    "The article number is 4006381333931.",
    "Meeting ID: 812 3456 7890, passcode: 482913 for the Zoom call.",
    "Reset your password: you can do it on the login page.",
    "Passwords are hashed, and the token is valid for an hour.",
    "Your passport to better reports in 2026.",
    "Your colleague ben@acme.example and my colleague kim@northwind.example will join.",
    "I can't guarantee that date, and we do not guarantee results.",
    "A bank guarantee letter is not needed; the guarantee period ends in 2027.",
    "You asked: \"Can you guarantee that it is risk-free?\"",
    "Is the response time guaranteed in your contract today?",
    "As promised, here is the overview.",
    "This summary is not legally binding.",
    "Das können wir nicht garantieren; das garantieren wir nicht.",
    "Nous ne garantissons pas ce délai.",
    "No podemos garantizar la fecha.",
    "Order 123-45-6789, 987-65-4321 and 536-22-1234 were merged.",
    "Invoice no. 4242 4242 4242 4242 is paid, and PO 4500012345 is open.",
    "Single sign-on means that nobody needs a password: users log in with their company account.",
    "Your invitation: https://app.northwind.example/join?token=ab12cd34ef56ab78",
    "The API key is created under Settings; how secret is it?",
    "None of this is risk-free, and the manufacturer's warranty is 24 months.",
    "Who is liable? We cannot accept liability for third-party systems.",
    "Eine Garantie kann ich dafür nicht geben.",
    "We kill dead leads, abort runs, use dummy data, and native apps execute jobs.",
    "CSS a { color: red } and <b>bold</b>; if x < 10 and y > 3 it fits; a{3} is a regex.",
    "Prices rose 5 %, discounts of 10% - 20% apply, and undefined behaviour is rare.",
    "Reach me on +353 1 234 5678, or our support on 0800 123 4567.",
    "We are open 0800 - 1700; IP 192.168.10.254; seats 1001 1002 1003 1004.",
    "See [1] for the study, and the [EU] rules; the [sic] is theirs.",
    "The endpoint /users/{id} answers JSON such as {\"id\": 1}.",
    "We fight churn, kill switches exist, and the attack surface is small.",
    "The target is clear: a slack in time, a notion of scale, a box of ideas.",
    "See <https://northwind.example/docs> or write to <robin@northwind.example>.",
    "Size XXL is sold out, and 100 % of the rows were checked.",
    "We have 250 employees, 1,200 customers and +20 000 000 users.",
    "I guarantee nothing for the beta version.",
    "Plans A, B, C, D and E; columns A B C D E F; grades a b c d e.",
    "Parcels 4012 8888\n8888 1882 and 4500018273\n80031177 are on their way.",
    "Reach me on +353 1 234 5678\n12 Harbour Street.",
    "The PIN of a card is never asked for, and the security code 7 of the door is old.",
    "The request id number 1763541234567 is a time in milliseconds.",
    "Привет is Russian for hello, and Ωmega begins with a Greek letter.",
]


@pytest.mark.parametrize("sentence", INNOCENT)
def test_business_letters_pass(sentence: str) -> None:
    of = case(in_body(sentence), other_companies=("Target", "Slack", "Notion", "Box", "Initech GmbH"))
    assert [(each.check, marked(of, each)) for check in CONTENT for each in found(check, of)
            if each.severity is Severity.VIOLATION] == []


def test_a_plain_letter_has_no_findings_at_all() -> None:
    assert [each for name in CONTENT for each in found(name, case())] == []


SIGNATURE = "\n\nBest regards,\nRobin Vale\nNorthwind\nTel. +353 1 234 5678 | Mobile 087 123 4567"


def test_a_phone_in_the_reps_signature_is_innocent_and_one_in_a_postscript_is_not() -> None:
    text = BODY.replace("\n\nBest regards,\nRobin", SIGNATURE)
    assert found("other_people", case(text)) == []
    assert blocks("other_people", case(f"{text}\n\nPS: ask Ben, +1 415 555 0132.")) == ["+1 415 555 0132"]


def test_known_phones_may_be_named_in_any_spelling() -> None:
    text = in_body("Shall I call you on 030 / 901820 - 12?")
    assert blocks("other_people", case(text)) != []
    assert found("other_people", case(text, known_phones=("+49 30 90182012",))) == []


def test_known_addresses_may_be_named_but_free_mail_makes_nobody_a_colleague() -> None:
    text = in_body("Ask ben.hart@gmail.com about it.")
    assert found("other_people", case(text, known_addresses=("Ben.Hart@gmail.com",))) == []
    assert blocks("other_people", case(text, recipient="ada@gmail.com")) == ["ben.hart@gmail.com"]


def test_a_companys_general_address_is_only_a_warning() -> None:
    [finding] = found("other_people", case(in_body("Their desk is support@initech.example.")))
    assert finding.severity is Severity.WARNING


def test_our_own_bank_account_may_be_named() -> None:
    text = in_body("Please pay to DE89 3704 0044 0532 0130 00.")
    assert found("payment_data", case(text, bank_accounts=("DE89370400440532013000",))) == []


def test_prohibited_terms_carry_their_reason_and_match_whole_words_across_lines() -> None:
    terms = (ProhibitedTerm(term="Act now", reason="it is pushy"), ProhibitedTerm(term="pact", reason="never said"))
    [finding] = found("prohibited_terms", case(in_body("You should ACT\nnow, says the impact study."), prohibited_terms=terms))
    assert finding.severity is Severity.VIOLATION
    assert "it is pushy" in finding.detail
    assert marked(case(in_body("You should ACT\nnow, says the impact study.")), finding) == "ACT\nnow"


@pytest.mark.parametrize(("language", "sentence"), [
    ("de", "Sind Sie taub, oder warum antworten Sie nicht?"), ("de", "Das werden Sie bereuen."),
    ("fr", "Vous êtes incompétent, et cela se voit."), ("es", "Es usted un imbécil y lo sabe."),
])
def test_harsh_words_of_other_languages(language: str, sentence: str) -> None:
    assert blocks("wording", case(in_body(sentence), language=language))


def test_the_word_lists_of_other_languages_are_not_looked_for() -> None:
    text = "Bonjour Ada,\n\nMerci pour votre message, et pardon pour le retard de ma réponse.\n\nCordialement,\nRobin"
    assert found("wording", case(text, language="fr")) == []
    assert found("wording", case(in_body("You are a retard."))) != []


@pytest.mark.parametrize(("greeting", "name", "verdict"), [
    ("Hi Ada,", "Ada Okafor", None), ("Dear Dr. Okafor,", "Ada Okafor", None), ("Dear Ada Okafor:", "Ada Okafor", None),
    ("Hello Ada!", "Dr. Ada Okafor", None), ("Good morning Ada,", "Ada Okafor", None), ("Hi Ada -", "Ada Okafor", None),
    ("Sehr geehrte Frau Müller,", "Jana Mueller", None), ("Guten Tag Herr Dr. Weber,", "Jan Weber", None),
    ("Liebe Jana,", "Jana Mueller", None), ("Bonjour Zoé,", "Zoe Martin", None), ("Chère Madame Martin,", "Zoe Martin", None),
    ("Hola, Íñigo:", "Inigo Ruiz", None), ("Estimada Sra. Ruiz:", "Ines Ruiz", None), ("Hi Bob,", "Robert Hart", None),
    ("Dear Ms. Smith-Jones,", "Ann Smith-Jones", None), ("Hi Acme team,", "Ada Okafor", None), ("Hi O'Neil,", "Pat O’Neil", None),
    ("Hi Ben,", "Ada Okafor", Severity.VIOLATION), ("Dear Mr. Hart,", "Ada Okafor", Severity.VIOLATION),
    ("Sehr geehrter Herr Weber,", "Jana Mueller", Severity.VIOLATION), ("Bonjour Luc,", "Zoe Martin", Severity.VIOLATION),
    ("Estimado Sr. Gómez:", "Ines Ruiz", Severity.VIOLATION), ("Dear Ada Smith,", "Ada Okafor", Severity.VIOLATION),
    ("Hi Adda,", "Ada Okafor", Severity.WARNING), ("Hi Stefany,", "Stefani Graf", Severity.WARNING),
    ("Hello,", "Ada Okafor", Severity.WARNING), ("Dear Sir or Madam,", "Ada Okafor", Severity.WARNING),
    ("Sehr geehrte Damen und Herren,", "Ada Okafor", Severity.WARNING), ("Hi Ada and Ben,", "Ada Okafor", Severity.WARNING),
    ("Ada,", "Ada Okafor", None), ("Ben,", "Ada Okafor", Severity.VIOLATION), ("Perfect,", "Ada Okafor", Severity.WARNING),
    ("Thank you for your call.", "Ada Okafor", Severity.WARNING), ("Thank you for your call.", "", None),
    ("Hello,", "", None), ("Hi Ada,", "", None), ("Hi Ben,", "", Severity.WARNING),
])
def test_the_greeting_is_the_recipients(greeting: str, name: str, verdict: Severity | None) -> None:
    of = case(BODY.replace("Hi Ada,", greeting), recipient_name=name)
    findings = found("names", of)
    assert [each.severity for each in findings] == ([verdict] if verdict else [])
    assert all(marked(of, each).strip(" ,") in greeting for each in findings)


@pytest.mark.parametrize("greeting", ["Hi ,", "Dear null,", "Dear None,", "Hello undefined,", "Dear Mr. ,", "Hallo ,", "Dear First Name,", "Hi [Name],"])
def test_greetings_with_nobody_in_them_are_gaps(greeting: str) -> None:
    assert blocks("placeholders", case(BODY.replace("Hi Ada,", greeting)))


def test_other_clients_are_not_named() -> None:
    text = in_body("We did the same for initech last year.")
    assert blocks("names", case(text, client_names=("Initech GmbH",))) == ["initech"]
    assert found("names", case(text, client_names=("Initech",), recipient_company="Initech Ltd")) == []


def test_a_client_called_like_a_word_is_found_by_its_capital() -> None:
    text = in_body("We hit every target last year.")
    assert found("names", case(text, client_names=("Target",))) == []
    assert blocks("names", case(text.replace("target", "Target"), client_names=("Target",))) == ["Target"]


def test_other_companies_block_when_the_name_is_distinctive() -> None:
    companies = ("Globex Corporation", "Target", "Blue Sky", "Acme Europe", "Vale")
    assert blocks("names", case(in_body("Globex saw the same. We hit the target under a blue sky."), other_companies=companies)) == ["Globex"]
    [finding] = found("names", case(in_body("We work with Target already."), other_companies=companies))
    assert finding.severity is Severity.WARNING
    assert blocks("names", case(in_body("Our API is open, Jordan says."), other_companies=("API GmbH", "Jordan Ltd"))) == []


WORDS = st.sampled_from([
    "4111 1111 1111 1111", "DE89", "AB12", "+49", "030 ", "a@", "@b.example", "{{", "}}", "[", "]", "<", ">", "%", "we ", "guarantee",
    "not ", "Hi ", "Dear", ",", "\n", "\r\n", "\u200b", "\u0301", "ﬁ", "½", "\x00", "\t", "password: ", "sk-", "eyJ", "-----BEGIN ", '"',
    "you wrote: \"", "Initech", "-- ", "Best regards", "_", "ß", "İ", "４", "𝟒",
])


@settings(max_examples=150, deadline=None)
@given(st.lists(st.one_of(WORDS, st.text(max_size=8)), max_size=60).map("".join), st.text(max_size=60))
def test_spans_lie_inside_what_was_written(body: str, subject: str) -> None:
    of = case(body, subject=subject, client_names=("Initech",))
    lengths = {"body": len(body), "subject": len(of.letter.subject)}
    for name in CONTENT:
        for each in found(name, of):
            assert 0 <= each.start < each.end <= lengths[each.part]


@pytest.mark.timeout(60)
@pytest.mark.parametrize("unit", [
    "a", "1", "1 ", "{", "{{", "[", "<", "%", "-", "a@", "a.", "AB12 ", "we ", "we can ", "no risk ", "Hi ", "\n", " ", "\"you \"", "you \"", "eyJa",
    "+1 ", "(1) ", "password: ", "insert a ", "guaranteed ", "Dear\n", "passport ", "Card 4", "_", "X", "sk-", "https://", "é", "account ",
    "Initech ", "best \n", "\u0301", "\u0430", "a b ", "a\u0430", "1\n", "+1\n", "PIN of a ", "a-", "with a big ", "guarantee not ", "order ", "call 030 1", "/", "//", "www.",
])
def test_hostile_bodies_are_read_in_time(unit: str) -> None:
    of = case(unit * (50_000 // len(unit)), client_names=("Initech",), other_companies=("Initech",))
    for name in CONTENT:
        found(name, of)
