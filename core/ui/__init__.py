"""What the visitor sees. With app.py and pages/, the only code that imports streamlit."""
