from tests.channels.page import PAGE, page


def test_the_page_of_conversations_says_what_the_dialogue_says() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "write it anew: python -m tests.channels.page"
