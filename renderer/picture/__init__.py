"""Timeline and frame number → one planar YUV 4:2:0 frame, in integer arithmetic."""
