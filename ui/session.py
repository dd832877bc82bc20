"""What the pages share: one application and one writer per server process."""

from __future__ import annotations

import threading

import streamlit as st

from rag import Writer
from ui.assemble import App
from ui.settings import Settings


@st.cache_resource(show_spinner="자료를 여는 중…")
def shared_app() -> App:
    """The application of this server."""
    return App(Settings())


@st.cache_resource(show_spinner="글쓰기 모델을 여는 중…", max_entries=2)
def shared_writer(adapter: str) -> Writer:
    """The writer model, loaded once per adapter choice."""
    return shared_app().writer(adapter)


@st.cache_resource
def ingest_lock() -> threading.Lock:
    """One file is taken in at a time."""
    return threading.Lock()
