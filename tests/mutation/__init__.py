"""Mutation testing of the evaluator: is there a test for every decision that its code makes?"""
