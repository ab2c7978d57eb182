"""Writing a policy in the admin. What is wrong with it is said at the field; only the service publishes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django import forms

from decisions.engine.errors import PolicyError
from decisions.engine.parser import compile_policy, parse_policy
from decisions.models import PolicyVersion

SOURCE = "admin"
if TYPE_CHECKING:
    # Generic in the stubs only.
    PolicyModelForm = forms.ModelForm[PolicyVersion]
else:
    PolicyModelForm = forms.ModelForm


class PolicyForm(PolicyModelForm):
    text = forms.CharField(
        strip=False,
        help_text="It holds for every decision from the moment it is published. Versions are never changed.",
        widget=forms.Textarea(attrs={"rows": 30, "cols": 100, "class": "vLargeTextField", "spellcheck": "false"}),
    )

    class Meta:
        model = PolicyVersion
        fields = ("text",)

    def clean_text(self) -> str:
        """The text, once it would take effect as a whole."""
        text: str = self.cleaned_data["text"].replace("\r\n", "\n")
        try:
            compile_policy(parse_policy(text, source=SOURCE))
        except PolicyError as error:
            faults = [f"Line {found.line}, column {found.column}: {found.why} {found.fix}" for found in error.problems]
            raise forms.ValidationError(faults) from error
        return text
