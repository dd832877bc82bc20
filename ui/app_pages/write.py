"""집필실: a request in, a piece of writing streamed out, with the examples that it was shown."""

import threading
from collections.abc import Iterator

import streamlit as st

from rag import Draft, Request, choose_preset, find_examples, load_presets, write
from ui.jobs import WritingJob
from ui.session import shared_app, shared_writer

_GENRES = ["", *dict.fromkeys(genre for preset in load_presets().values() for genre in preset.genres)]
_POLL_SECONDS = 0.5


def _settings() -> dict[str, object]:
    """The choices of the side bar."""
    with st.sidebar:
        genre = st.selectbox("장르", _GENRES, format_func=lambda name: name or "요청에 맡김", key="genre")
        seed = st.number_input("씨앗", 0, 2**31 - 1, 7, key="seed", help="같은 씨앗은 같은 글을 씁니다.")
        longest = choose_preset("", genre).max_tokens
        length = st.slider(
            "길이(토큰)", 40, 800, longest, 20, key=f"length-{longest}", help="한 토큰은 약 1.7자입니다."
        )
        drafts = st.select_slider(
            "초안",
            range(9),
            format_func=lambda count: f"{count}편" if count else "알맞게",
            key="drafts",
            help="여러 편을 나란히 써서 요청에 가장 가까운 글을 고릅니다.",
        )
        adapter = st.toggle("글투 어댑터", value=True, key="adapter", help="끄면 바탕 모델만 씁니다.")
        st.caption("인공지능이 만든 글입니다. 이 컴퓨터 밖으로 아무것도 보내지 않습니다.")
    return {
        "genre": genre,
        "seed": int(seed),
        "length": length,
        "drafts": drafts,
        "adapter": "" if adapter else "none",
    }


def _start(text: str, settings: dict[str, object]) -> None:
    app = shared_app()
    request = Request(
        text,
        str(settings["genre"]),
        seed=int(str(settings["seed"])),
        max_tokens=int(str(settings["length"])),
        drafts=int(str(settings["drafts"])),
    )
    writer = shared_writer(str(settings["adapter"]))

    def run(stop: threading.Event) -> Iterator[str | Draft]:
        yield from write(request, find_examples(request, app.retriever), writer, stop, app.korean.terms)

    st.session_state.job = WritingJob(text).start(run)


def _show_draft(text: str, draft: Draft | None) -> None:
    st.text(text)
    if draft is None:
        return
    stopped = " · 멈춤" if draft.stopped == "stop" else ""
    st.caption(
        f"{len(draft.text)}자 · 한글 {draft.purity.hangul_ratio:.0%} · 허용 밖 글자 {draft.purity.disallowed} · "
        f"{draft.model} · 어댑터 {draft.adapter} · {draft.preset} · 씨앗 {draft.seed} · {draft.seconds:.0f}초{stopped}"
    )
    if draft.others:
        with st.expander(f"고르지 않은 초안 {len(draft.others)}편"):
            for tab, other in zip(
                st.tabs([f"초안 {n}" for n in range(2, len(draft.others) + 2)]), draft.others, strict=True
            ):
                tab.text(other)
    if draft.examples:
        with st.expander(f"보여 준 예시 {len(draft.examples)}편"):
            for hit in draft.examples:
                known = hit.chunk.example
                st.markdown(f"**{known.genre if known else ''}** · {hit.chunk.source}")
                st.caption("고른 까닭: " + ", ".join(hit.why) if hit.why else "")
                st.caption(known.request if known else "")
                st.text(hit.chunk.text)


@st.fragment(run_every=_POLL_SECONDS)
def _show_job(job: WritingJob) -> None:
    """Paints the growing text; ends itself by a full rerun when the piece is finished."""
    with st.chat_message("assistant"):
        st.text(job.text or "예시를 고르고 쓰기 시작합니다…")
        st.button("멈춤", icon=":material/stop_circle:", on_click=job.stop.set, key="stop")
    if job.done:
        _keep(job)
        st.rerun()


def _keep(job: WritingJob) -> None:
    if st.session_state.pop("job", None) is not None:
        st.session_state.turns.append((job.request, job.text, job.draft, job.error))


st.title("집필실")
choices = _settings()
turns = st.session_state.setdefault("turns", [])
if not turns and "job" not in st.session_state:
    st.markdown("쓰고 싶은 장면을 적어 주세요. 예: *비 오는 밤의 재회를 한 장면으로 써 줘*")
for asked, written, draft, error in turns:
    with st.chat_message("user"):
        st.text(asked)
    with st.chat_message("assistant"):
        if error:
            st.error(error)
        _show_draft(written, draft)
if job := st.session_state.get("job"):
    with st.chat_message("user"):
        st.text(job.request)
    _show_job(job)
if (
    asked := st.chat_input("어떤 글을 써 드릴까요?", key="request", disabled="job" in st.session_state)
) and asked.strip():
    _start(asked.strip(), choices)
    st.rerun()
