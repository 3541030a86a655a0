"""The commands of ``foretype``, a file each. Heavy imports (onnxruntime, torch, pygls) stay inside
the functions.
"""
