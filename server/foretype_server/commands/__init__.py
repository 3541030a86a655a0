"""The commands of ``foretype``, one file each.

The functions do the heavy imports (onnxruntime, torch, pygls), so that ``--help`` is fast.
"""
