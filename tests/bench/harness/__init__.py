# SPDX-License-Identifier: Apache-2.0
"""The benchmark: what is run (variants), how one sample is taken (sample), and what the samples say (stats, report, chart)."""
