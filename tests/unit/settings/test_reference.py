"""The page of the settings is up to date."""

from settings import EdgeSettings, Settings
from settings.reference import PAGE, page


def test_the_page_is_as_make_settings_writes_it() -> None:
    assert PAGE.read_text() == page()


def test_every_key_of_a_stack_file_has_a_row_that_says_what_it_is() -> None:
    rows = [line.split(" | ") for line in page().splitlines() if line.startswith("| `")]
    keys = [row[0].strip("| `") for row in rows]
    assert {*Settings.model_fields, *EdgeSettings.model_fields, "web.blue.min_size"} <= {*keys}
    assert [row[0] for row in rows if not row[-1].strip(" |")] == []
