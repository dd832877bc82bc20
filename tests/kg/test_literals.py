from __future__ import annotations

import pytest

from kg.literals import canonical


@pytest.mark.parametrize(
    ("cls", "text", "form"),
    [
        ("연도", "2019년도", "2019년"),
        ("날짜", "2019-03-02", "2019년 3월 2일"),
        ("날짜", "2019 년 3 월", "2019년 3월"),
        ("날짜", "2024-12", "2024년 12월"),
        ("날짜", "2024-13", None),
        ("날짜", "2024년 0월", None),
        ("날짜", "2024.2.32.", None),
        ("날짜", "내일", None),
        ("수량", "1,200 명", "1,200명"),
        ("수량", "3억원", "3억 원"),
        ("수량", "많이", None),
        ("글", "“첫눈”", "첫눈"),
        ("회사", "가온", None),
    ],
)
def test_a_literal_has_one_form_or_is_none(cls: str, text: str, form: str | None) -> None:
    assert canonical(cls, text) == form
