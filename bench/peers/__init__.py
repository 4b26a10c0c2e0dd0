# SPDX-License-Identifier: Apache-2.0
"""What bench/compare consists of: one noun a file."""
