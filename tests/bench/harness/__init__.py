# SPDX-License-Identifier: Apache-2.0
"""The benchmark: what is run (variants), how samples are taken (sample, collect), and what they say.

stats, data, figures, report and chart are pure: a result comes in, text goes out.
"""
