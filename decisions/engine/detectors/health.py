"""Data about somebody's health: numbers of patients, coded diagnoses, and statements in the words of a record."""

from __future__ import annotations

from decisions.engine.detectors.checksums import mod_11
from decisions.engine.detectors.schemes import Scheme
from decisions.engine.patterns import searcher


def _is_nhs_number(number: str) -> bool:
    return mod_11(number[:9], weights=(10, 9, 8, 7, 6, 5, 4, 3, 2)) == int(number[9])


def _is_record_number(number: str) -> bool:
    return sum(map(str.isdigit, number)) >= 4


def _always(number: str) -> bool:
    return True


_L, _LD = "[AC-HJKMNP-RT-Y]", "[0-9AC-HJKMNP-RT-Y]"
_MBI = rf"[1-9]{_L}{_LD}[0-9]-?{_L}{_LD}[0-9]-?{_L}{{2}}[0-9]{{2}}"
_RECORD = r"medical[ _]record(?:[ _](?:no|number|id|#))?"
HEALTH_NUMBERS = (
    Scheme("uk_nhs_number", r"\b[0-9]{3}[ -]?[0-9]{3}[ -]?[0-9]{4}\b", _is_nhs_number, introduction=r"(?i)\bnhs"),
    Scheme("us_medicare_number", rf"\b{_MBI}\b", _always, introduction=r"(?i)\bmbi\b|medicare"),
    Scheme(
        "medical_record_number", r"\b[A-Z]{0,4}[-]?[0-9][0-9A-Z-]{3,14}\b", _is_record_number,
        introduction=rf"(?i)\b(?:mrn|{_RECORD}|patient[ _]?(?:id|no|number|#))\W{{1,4}}(?:is )?$",
    ),
)  # fmt: skip

_PERSON = (
    r"\b(?:patient|pt|he|she|his|her|i|my|mrs?|ms|(?:my|his|her) (?:son|daughter|wife|husband|mother|father)"
    r"|(?-i:[A-Z][a-z]+ [A-Z][a-z]+))\b"
)
_SAID = (
    r"\b(?:diagnosed with|suffer(?:s|ed|ing)? from|tested positive for|treated for|admitted (?:with|for)|history of"
    r"|present(?:s|ed)? with|complain(?:s|ed|ing) of|allergic to|prescribed|started on|takes?|taking|is on|was given"
    r"|underwent|has been having)\b"
)
_CONDITION = (
    r"(?:diabet|hypertensi|\bhiv\b|\baids\b|hepatitis|cancer|carcinoma|tumou?r|leuk[ae]+mia|lymphoma|melanoma|chemotherap"
    r"|depressi(?:on|ve)|schizophren|bipolar|anxiety disorder|\bptsd\b|\badhd\b|autis|dementia|alzheimer|parkinson"
    r"|epileps|seizure|stroke\b|asthma|\bcopd\b|pneumonia|tubercul|covid-19|influenza|pregnan|miscarr|abortion"
    r"|infertil|arthritis|sclerosis|fibrillation|infarction|heart failure|\bangina|kidney (?:disease|failure)|dialysis"
    r"|cirrhosis|crohn|colitis|ulcer|anemia|anaemia|thyroid|psoria|eczema|syphilis|gonorrh|chlamydia|herpes"
    r"|penicillin|sepsis|fracture|migraine|insomnia|overdose|alcoholi|opioid|addict|suicid|surgery|transplant)"
)
_DRUG = (
    r"(?:metformin|insulin|lisinopril|atorvastatin|simvastatin|amlodipine|metoprolol|omeprazole|losartan|gabapentin"
    r"|sertraline|fluoxetine|citalopram|escitalopram|alprazolam|lorazepam|diazepam|quetiapine|olanzapine|lithium|warfarin"
    r"|apixaban|rivaroxaban|clopidogrel|prednisone|levothyroxine|amoxicillin|azithromycin|ciprofloxacin|doxycycline"
    r"|ibuprofen|paracetamol|acetaminophen|oxycodone|morphine|tramadol|fentanyl|methotrexate|tamoxifen|truvada|albuterol"
    r"|[a-z]{3,}(?:cillin|mycin|prazole|statin|sartan|pril|olol|azepam|tidine|triptan|mab|vir))\b"
)
_DOSE = r"\b[0-9]+(?:\.[0-9]+)? ?(?:mg|mcg|µg|iu|units)\b"
_REGIMEN = r"(?:daily|nightly|once|twice|every|bid|tid|qid|qhs|prn)\b"
_MEASURED = (
    r"\b(?:bp|blood pressure)\W{1,3}(?:is |was |of )?[0-9]{2,3} ?/ ?[0-9]{2,3}\b"
    r"|\bhba1c\W{1,3}(?:is |was |of )?[0-9]+|\bviral load\W{1,3}[0-9<]"
    r"|\b(?:inr|egfr|ldl|hdl|psa|tsh|cd4)(?: count| level)?\W{1,3}(?:is |was |of )?[0-9]+"
)
_LABEL = (
    r"\b(?:diagnos[ie]s|primary_?diagnosis|medical_?condition|conditions?|medications?|prescriptions?|allerg(?:y|ies)"
    r"|symptoms|medical_?history|past medical history|pmh|treatment|assessment|impression)\"?\s?[:=]"
)
_CODE = r"\b[A-TV-Z][0-9][0-9AB](?:\.[0-9A-TV-Z]{1,4})?\b"
_CODE_WORD = (
    r"\b(?i:icd(?:[ -]?(?:9|10|11))?(?:-?cm)?|diagnos[ie]s(?:[ _]?codes?)?|dx(?:[ _]?codes?)?|diagnosed with)\b"
)

SIGN = (
    r"(?i)\bnhs|\bmbi\b|medicare|\bmrn\b|patient|medical|diagnos|suffer|tested positive|treated for|admitted|history of"
    r"|present|complain|allerg|prescri|started on|\btak(?:es?|ing)\b|is on|was given|underwent|medication|condition"
    r"|symptom|treatment|assessment|impression|blood pressure|hba1c|viral load|has been having|\bicd"
    r"|\b(?:dx|bp|inr|egfr|ldl|hdl|psa|tsh|cd4|pmh)\b|\b[0-9]+(?:\.[0-9]+)? ?(?:mg|mcg|µg|iu|units)\b"
)
# Each stays within one line; none counts characters between its parts, so that no text makes the machine large.
_STATEMENTS = (
    searcher(rf"(?i){_PERSON}[^\n]*{_SAID}[^\n]*(?:{_CONDITION}|{_DRUG})"),
    searcher(rf"(?i){_LABEL}[^\n]*(?:{_CONDITION}|{_DRUG})"),
    searcher(rf"(?i){_PERSON}[^\n]*\b(?:diagnosed with|tested positive for) [a-z]"),
    searcher(rf"(?i){_DRUG}[^\n]*{_DOSE}|{_DOSE}\W+(?:[a-z]+\W+)?{_REGIMEN}|{_MEASURED}"),
    searcher(rf"{_CODE_WORD}[^\n.;]*{_CODE}"),
)


def health_statement_occurs(text: bytes) -> bool:
    """Whether `text` says something of somebody's health as records and people say it."""
    return any(occurs(text) for occurs in _STATEMENTS)
