"""Forms of the receipt pages."""

from __future__ import annotations

from django import forms

from receipts.pages.columns import TITLES
from receipts.selectors.grammar import MAX_LENGTH


class SavedViewForm(forms.Form):
    """A question and the name that it is to have, with the order and the columns of its answer."""

    name = forms.CharField(max_length=60)
    question = forms.CharField(required=False, max_length=MAX_LENGTH)
    team = forms.IntegerField(required=False, min_value=1)
    sort = forms.CharField(required=False, max_length=20)
    column = forms.MultipleChoiceField(required=False, choices=list(TITLES.items()))


class ExportForm(forms.Form):
    """What to export, nothing means everything; and whether with the entries of the sessions."""

    question = forms.CharField(required=False, max_length=MAX_LENGTH)
    contexts = forms.BooleanField(required=False)
