"""What records and people say of somebody's health, and talk of health that is about nobody."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

from tests.unit.engine.labelled.accounts import DIGITS, other
from tests.unit.engine.labelled.example import NOTHING, PHI, Example, letters, made

CONDITIONS = (
    "type 2 diabetes", "gestational diabetes", "hypertension", "HIV", "breast cancer", "stage III colon carcinoma",
    "major depressive disorder", "schizophrenia", "epilepsy", "asthma", "COPD", "multiple sclerosis", "gout",
    "glaucoma",
    "endometriosis", "Crohn's disease", "hepatitis C", "rheumatoid arthritis", "bipolar disorder", "lymphoma",
    "atrial fibrillation", "chronic kidney disease", "celiac disease", "PTSD",
)  # fmt: skip
DRUGS = (
    "metformin", "insulin glargine", "lisinopril", "atorvastatin", "sertraline", "amoxicillin", "omeprazole",
    "apixaban",
    "oxycodone", "levothyroxine", "adalimumab", "quetiapine", "spironolactone", "hydrochlorothiazide", "salbutamol",
)  # fmt: skip
NAMES = ("Dora Keller", "Mr. Ruiz", "the patient", "Patient", "She", "He", "Mrs. Okafor", "Pt")
SAID = (
    "{name} was diagnosed with {condition} in 2019.",
    "{name} has a history of {condition} and is followed up here.",
    "{name} tested positive for {condition}.",
    "{name} takes {drug} {dose} mg twice daily.",
    "{name} was started on {drug} {dose} mg for {condition}.",
    "Diagnosis: {condition}",
    "Medications: {drug}, {other}",
    "Allergies: {drug}",
    '{{"patient": "{name}", "condition": "{condition}"}}',
    "PMH: {condition}, {second}",
    "{drug} {dose} mg daily, refill 3",
    "BP {systolic}/{diastolic}, HR 72, afebrile",
    "HbA1c: {percent}.4 %, fasting",
    "{name} suffers from {condition}",
    "Assessment: {condition}, stable on {drug}",
    "my wife has been treated for {condition} since May",
)
CODES = ("E11.9", "I10", "F32.1", "C50.919", "J45.40", "B20", "G40.909", "O24.410", "M54.5", "Z94.0")
CODED = (
    "ICD-10: @",
    "diagnosis code @",
    "Dx @ confirmed",
    '{"icd10": "@"}',
    "diagnosed with @ (principal)",
    "ICD-10-CM @",
)
RECORDS = ("MRN: @", "MRN @", "medical record number: @", '{"patient_id": "@"}', "Patient ID: @", "patient no. @")
ABOUT_NOBODY = (
    "Our {condition} awareness campaign starts in {month}.",
    "The article explains how {condition} is treated in most countries.",
    "Research on {condition} received {amount} million euros.",
    "Is {condition} covered by the {month} plan?",
    "The meeting about {condition} policy is on {month} 4.",
    "Health insurance premiums rise in {month}.",
    "The pharmacy at berth 7 opens in {month}.",
    "Patient waiting in the queue is appreciated until {month}.",
    "The patient portal is down for maintenance in {month}.",
    "Take {amount} units from stock in {month} and ship them.",
    "Add {amount} mg of salt per litre.",
    "Doctor appointments can be booked for {month}.",
    "treatment: of personal data under article {amount}",
    "Conditions: apply until {month}",
    "Symptoms: the server restarts every {amount} minutes",
    "BP was mentioned in the {month} oil report",
    "Diagnosis: disk {amount} is full",
    "History of the company, chapter {amount}",
    "code E{amount} in aisle B20",
    "She takes the train to work in {month}.",
)
MONTHS = ("January", "March", "May", "July", "October")


def statement(random: Random) -> str:
    """A sentence or a line of a record."""
    first, second = random.sample(CONDITIONS, 2)
    drug, another = random.sample(DRUGS, 2)
    return random.choice(SAID).format(
        name=random.choice(NAMES), condition=first, second=second, drug=drug, other=another,
        dose=random.choice((5, 10, 20, 500)), systolic=random.randrange(95, 180), diastolic=random.randrange(55, 105),
        percent=random.randrange(5, 12),
    )  # fmt: skip


def talk(random: Random) -> str:
    """Something that is about nobody's health."""
    values = {"condition": random.choice(CONDITIONS), "month": random.choice(MONTHS), "amount": random.randrange(2, 90)}
    return random.choice(ABOUT_NOBODY).format(**values)


def nhs(random: Random) -> str:
    """A number of the British health service."""
    while True:
        body = letters(random, DIGITS, 9)
        check = 11 - sum(int(each) * (10 - place) for place, each in enumerate(body)) % 11
        if check != 10:
            return f"{body[:3]} {body[3:6]} {body[6:]}{check % 11}"


def wrong_nhs(random: Random) -> str:
    """The same with another last digit."""
    number = nhs(random)
    return number[:-1] + other(number[-1])


def medicare(random: Random) -> str:
    """A number of a Medicare beneficiary."""
    letter = "ACDEFGHJKMNPQRTUVWXY"
    first = f"{random.randrange(1, 10)}{random.choice(letter)}{random.choice(letter + DIGITS)}{random.randrange(10)}"
    second = f"{random.choice(letter)}{random.choice(letter + DIGITS)}{random.randrange(10)}"
    return f"{first}-{second}-{letters(random, letter, 2)}{random.randrange(100):02d}"


def record(random: Random) -> str:
    """A number of a hospital's own."""
    return random.choice(
        (letters(random, DIGITS, 8), f"H-{letters(random, DIGITS, 6)}", f"AB{letters(random, DIGITS, 5)}")
    )


def examples(random: Random) -> Iterator[Example]:
    """Some hundreds of each."""
    yield from made(random, about="health_statement", kinds=PHI, count=400, value=statement, frames=("@",))
    yield from made(random, about="", kinds=NOTHING, count=400, value=talk, frames=("@",))
    yield from made(
        random, about="health_statement", kinds=PHI, count=60, value=lambda each: each.choice(CODES), frames=CODED
    )
    yield from made(
        random, about="uk_nhs_number", kinds=PHI, count=60, value=nhs, frames=("NHS no. @", "NHS number: @", "@")
    )
    yield from made(random, about="", kinds=NOTHING, count=60, value=wrong_nhs, frames=("NHS no. @", "@"))
    yield from made(
        random,
        about="us_medicare_number",
        kinds=PHI,
        count=60,
        value=medicare,
        frames=("MBI @", "Medicare number: @", "@"),
    )
    yield from made(random, about="medical_record_number", kinds=PHI, count=60, value=record, frames=RECORDS)
