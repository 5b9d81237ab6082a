//! Tests of the editing timeline.
