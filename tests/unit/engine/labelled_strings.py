"""Strings labelled by hand for the detector of personal data, many of them made to mislead it.

Numbers are test numbers of card schemes, examples of the IBAN registry, and numbers that numbering plans reserve for
fiction or that anybody may call. Names and domains are invented. What the detector is known to get wrong is here too.
"""

from __future__ import annotations

CARD, PERSONAL, NOTHING = frozenset({"PCI", "PII"}), frozenset({"PII"}), frozenset[str]()

LABELLED: tuple[tuple[str, frozenset[str]], ...] = (
    # Payment cards, as people and programs write them.
    ("4111 1111 1111 1111", CARD),
    ("card=4111111111111111;cvc=123", CARD),
    ("Paid with 5555-5555-5555-4444 on Monday.", CARD),
    ("378282246310005", CARD),
    ("3782 822463 10005", CARD),
    ("6011 1111 1111 1117", CARD),
    ("3056 930902 5904", CARD),
    ("3530111333300000", CARD),
    ("2223003122003222", CARD),
    ("6200000000000005", CARD),
    ("4222222222222", CARD),
    ("6759649826438453", CARD),
    ("in 2024 4111 1111 1111 1111 was charged", CARD),
    ("４１１１ １１１１ １１１１ １１１１", CARD),
    ("4111–1111–1111–1111", CARD),
    ("4111.1111.1111.1111", CARD),
    ("4 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1", CARD),
    # Digits that are no card.
    ("4111 1111 1111 1112", NOTHING),
    ("1234567812345670", NOTHING),
    ("order 9111111111111111", NOTHING),
    ("1700000000000", NOTHING),
    ("EAN 4006381333931", NOTHING),
    ("pi is 3.4111111111111111", NOTHING),
    ("sha a4111111111111111b", NOTHING),
    ("41111111111111111111111111", NOTHING),
    ("550e8400-e29b-41d4-a716-446655440000", NOTHING),
    ("tracking 4000000000000002000", NOTHING),
    ("session 4242424242424242", NOTHING),
    # Bank accounts.
    ("DE89 3704 0044 0532 0130 00", PERSONAL),
    ("Transfer to DE89370400440532013000 please", PERSONAL),
    ("IBAN: GB29 NWBK 6016 1331 9268 19, BIC NWBKGB2L", PERSONAL),
    ("fr1420041010050500013m02606", PERSONAL),
    ("NO93 8601 1117 947", PERSONAL),
    ("MT84MALT011000012345MTLCAST001S", PERSONAL),
    ("CH93-0076-2011-6238-5295-7", PERSONAL),
    # Not bank accounts.
    ("DE88 3704 0044 0532 0130 00", NOTHING),
    ("DE8937040044053201300", NOTHING),
    ("ZZ89370400440532013000", NOTHING),
    ("GB33BUKB20201555555555X", NOTHING),
    ("part no. AB12 CD34 EF56 GH78", NOTHING),
    # Mail addresses.
    ("dora@customer.example", PERSONAL),
    ("Write to Dora <dora.keller+news@mail.customer.example>.", PERSONAL),
    ("mailto:DORA@CUSTOMER.EXAMPLE", PERSONAL),
    ('{"contact": "o\'brien_7@customer.example"}', PERSONAL),
    ("first@customer.example;second@customer.example", PERSONAL),
    ("dora at customer dot example", PERSONAL),
    ("dora@bücher.example", PERSONAL),
    # What merely has an @.
    ("git@code.example:team/project.git", NOTHING),
    ("ssh://git@code.example/team/project", NOTHING),
    ("postgres://app:secret@db.corp.example:5432/crm", NOTHING),
    ("npm install left-pad@1.3.0", NOTHING),
    ("logo@2x.png", NOTHING),
    ("follow @dora on the forum", NOTHING),
    ("root@localhost", NOTHING),
    ("a@b", NOTHING),
    ("@pytest.fixture(scope='session')", NOTHING),
    ("10 apples @ 2.50 each", NOTHING),
    ("no-reply@corp.example", PERSONAL),
    # Telephone numbers.
    ("+44 20 7946 0958", PERSONAL),
    ("call me at +1 (202) 555-0143.", PERSONAL),
    ("+49 30 901820", PERSONAL),
    ("0044 20 7946 0958", PERSONAL),
    ("+33142685300", PERSONAL),
    ("+44 20 7946 0958 2024-11-02", PERSONAL),
    ('{"phone": "(202) 555-0143"}', PERSONAL),
    ("Tel. 030 901820", PERSONAL),
    ("mobile: 07700 900123", PERSONAL),
    ("Fax 01 42 68 53 00", PERSONAL),
    ("(202) 555-0143", PERSONAL),
    ("reach Dora on 07700 900123", PERSONAL),
    # Numbers that are no telephone number.
    ("+1 555 123 4567", NOTHING),
    ("x = 1+16505551234", NOTHING),
    ("+999 123 456 789", NOTHING),
    ("+99 9 12 34 56 78 9", NOTHING),
    ("2026-11-20 12:00:00+00:00", NOTHING),
    ("192.168.100.200", NOTHING),
    ("00123456789012", NOTHING),
    ("version 10.4.2025.1", NOTHING),
    ("phone model 12", NOTHING),
    ("the call took 1200 ms of 3000", NOTHING),
    ("balance +1 000 000.00", NOTHING),
    # Plain text.
    ("", NOTHING),
    ("The quick brown fox jumps over 13 lazy dogs.", NOTHING),
    ("Three crates stand at berth 7.", NOTHING),
)
