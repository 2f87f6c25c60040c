"""Pictures and words for people, made from events and measures. Computes nothing that a measure should.

`picture` draws a run in characters, `story` tells it line by line, `comparison` sets runs side by side, `page` is the page
for a browser, `view` what a terminal shows of a run in real time; `export`, `metrics` and `documents` are for others to
read. `terminal` puts together what `streamsim run` prints.
"""
