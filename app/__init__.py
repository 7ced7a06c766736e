"""Phản ánh hiện trường: citizen field reports."""
