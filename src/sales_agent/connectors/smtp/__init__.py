"""Sending by SMTP, with the Sent folder on an IMAP server."""
