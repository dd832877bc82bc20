"""The Streamlit app: page settings and navigation. The pages are in ``app_pages``."""

import streamlit as st

st.set_page_config(page_title="Loop AI", page_icon=":material/edit_note:", layout="centered")
st.navigation(
    [
        st.Page("app_pages/write.py", title="집필실", icon=":material/edit_note:", default=True),
        st.Page("app_pages/ask.py", title="질문하기", icon=":material/search:"),
    ]
).run()
