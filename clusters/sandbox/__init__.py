"""Simulated pairs of Kafka clusters: the other end of the wire in tests, rehearsals and the demo.

The sandbox shares no code with the client side, so that one mistake cannot hide in both. It speaks Kafka REST v3
and the Kafka protocol, keeps a journal of every command it was sent, and can be made to fail on request.
"""
