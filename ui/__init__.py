"""The command line and the Streamlit pages, and the only place where concrete parts are chosen."""
