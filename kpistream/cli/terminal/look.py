"""The look of the page: sizes, borders and colours, in Textual's style sheets."""

from typing import Final

LOOK: Final = """
#status, #keys {
    height: 1;
    background: $panel;
    text-wrap: nowrap;
    text-overflow: ellipsis;
}
#keys { padding: 0 1; }
#notes { height: auto; max-height: 4; }
#waiting { padding: 1 2; height: auto; }
#body { height: 1fr; scrollbar-size-vertical: 0; }
#tiles {
    layout: grid;
    height: auto;
    grid-rows: 5;
    grid-gutter: 0 0;
}
TileView {
    text-wrap: nowrap;
    height: 5;
    padding: 0 1 0 0;
    border-left: blank;
}
TileView.chosen { border-left: outer $accent; background: $boost; }
TileView:focus { border-left: outer $accent; background: $primary 30%; }
.-tall #tiles { grid-rows: 7; }
.-tall TileView { height: 7; padding: 0 1; border: round $panel-lighten-2; }
.-tall TileView.chosen { border: heavy $accent; }
.-tall TileView:focus { border: heavy $accent; }
#objectives { height: auto; padding: 0 1; }
#below { height: 1fr; min-height: 9; }
#left { width: 1fr; scrollbar-size-vertical: 1; }
#breakdown, #funnel, #alerts, #alerts:focus {
    border: none;
    border-top: solid $panel-lighten-2;
    border-title-style: bold;
    border-title-color: $text;
}
#breakdown, #funnel { height: auto; padding: 0 1; }
#alerts {
    width: 1fr;
    height: 1fr;
    background: transparent;
    padding: 0;
    scrollbar-size-vertical: 1;
}
#alerts > .option-list--option-highlighted { background: $boost; color: $text; }
#alerts:focus > .option-list--option-highlighted {
    background: $primary 30%;
    color: $text;
}
#alerts:focus { border-top: heavy $accent; }
#left:focus #breakdown { border-top: heavy $accent; }
.-wide #left { layout: horizontal; width: 3fr; }
.-wide #breakdown, .-wide #funnel { width: 1fr; }
.-wide #alerts { width: 2fr; }
Card { align: center middle; }
#card {
    width: 80%;
    max-width: 100;
    height: auto;
    max-height: 90%;
    padding: 1 2;
    border: round $accent;
    background: $surface;
}
"""
