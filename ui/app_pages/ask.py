"""질문하기: drop files in, ask about them, see the proof."""

import hashlib
from pathlib import Path
from typing import Any

import streamlit as st

from ingest import SUFFIXES, Job, Outcome, ingest
from rag import Answer, Citation, ProofStep, RagError, answer
from ui.session import ingest_lock, shared_app

_KINDS = {"알아서": None, "사실": "facts", "글": "creative", "일반": "general"}


def _take_in(uploads: list[Any], kind: str) -> list[Outcome]:
    """Keep the uploads in the home folder and ingest them. The file's name is a label, never a path."""
    app = shared_app()
    outcomes = []
    for upload in uploads:
        data = upload.getvalue()
        name = Path(upload.name).name
        folder = app.settings.home / "uploads" / hashlib.sha256(name.encode()).hexdigest()[:16]
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / f"file{Path(name).suffix.lower()}"
        path.write_bytes(data)
        with ingest_lock():
            job = Job((path,), _KINDS[kind], name=name)
            outcomes += ingest(job, app.ledger, app.embedder, app.extractor, app.korean)
    app.refresh()
    return outcomes


def _show_outcomes(outcomes: list[Outcome]) -> None:
    for outcome in outcomes:
        if outcome.error:
            st.error(f"{outcome.source}: {outcome.error} {outcome.hint}")
        else:
            word = {"added": "넣었습니다", "updated": "새로 고쳤습니다", "unchanged": "이미 있습니다"}[outcome.status]
            st.success(f"{outcome.source}: {word} (조각 {outcome.chunks}, 사실 {outcome.facts})")


def _show_answer(result: Answer) -> None:
    (st.warning if result.abstained else st.success)(result.text)
    _show_steps("근거", result.proof)
    _show_steps("알려진 것", result.nearby)
    if not result.proof:
        _show_citations(result.citations)


def _show_steps(title: str, steps: tuple[ProofStep, ...]) -> None:
    if steps:
        st.subheader(title, divider=True)
    for number, step in enumerate(steps, start=1):
        rule = f" ← {step.rule}" if step.rule else ""
        st.text(f"{number}. {step.subject} —{step.relation}→ {step.object}{rule}")
        if not step.rule:
            _show_citations(step.sources)


def _show_citations(citations: tuple[Citation, ...]) -> None:
    for citation in citations:
        with st.container(border=True):
            st.text(citation.text)
            st.caption(f"{citation.source} · {citation.start}–{citation.end}")


st.title("질문하기")
with st.expander("자료 넣기", icon=":material/upload_file:", expanded=not shared_app().ledger.sources()):
    kind = st.segmented_control("갈래", list(_KINDS), default="알아서", key="kind") or "알아서"
    uploads = st.file_uploader(
        "파일을 끌어다 놓으세요", [suffix[1:] for suffix in SUFFIXES], accept_multiple_files=True, key="files"
    )
    if st.button("넣기", disabled=not uploads, key="take-in", type="primary"):
        with st.spinner("읽고 나누고 색인하는 중…"):
            _show_outcomes(_take_in(uploads or [], kind))

with st.form("question-form"):
    question = st.text_input("질문", placeholder="SolverX는 서울에 있나요?", key="question")
    asked = st.form_submit_button("묻기", type="primary")
if asked and question.strip():
    with st.spinner("그래프와 자료를 찾는 중…"):
        try:
            st.session_state.answer = question.strip(), answer(question.strip(), shared_app().answering)
        except RagError as error:
            st.error(f"{error} {error.hint}")
if held := st.session_state.get("answer"):
    st.markdown(f"**질문** {held[0]}".replace("[", "\\["))
    _show_answer(held[1])
