"""A loop with Accelerate, and the recorder as one of its trackers.

Run it: python examples/accelerate_loop.py
Then look: verbose-logging show
"""

from __future__ import annotations

import torch
from accelerate import Accelerator
from torch.utils.data import DataLoader, TensorDataset

from verbose_logging import VerboseTracker

EPOCHS = 3

torch.manual_seed(0)
inputs = torch.randn(256, 8)
data = TensorDataset(inputs, inputs.sum(1, keepdim=True))
model = torch.nn.Sequential(torch.nn.Linear(8, 16), torch.nn.Tanh(), torch.nn.Linear(16, 1))
optimizer = torch.optim.AdamW(model.parameters(), lr=1e-2)
loader = DataLoader(data, batch_size=32, shuffle=True)

tracker = VerboseTracker("accelerate", total_steps=EPOCHS * len(loader), total_epochs=EPOCHS, model=model)
accelerator = Accelerator(log_with=tracker, cpu=True)
model, optimizer, loader = accelerator.prepare(model, optimizer, loader)
accelerator.init_trackers("examples", config={"learning_rate": 1e-2, "batch_size": 32, "epochs": EPOCHS})

step = 0
for epoch in range(EPOCHS):
    for features, targets in loader:
        loss = torch.nn.functional.mse_loss(model(features), targets)
        accelerator.backward(loss)
        grad_norm = accelerator.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        optimizer.zero_grad()
        step += 1
        values = {"train_loss": loss, "lr": 1e-2, "grad_norm": grad_norm, "samples": len(features), "epoch": epoch}
        accelerator.log(values, step=step)
    with torch.no_grad():
        eval_loss = torch.nn.functional.mse_loss(model(inputs), inputs.sum(1, keepdim=True))
    accelerator.log({"eval_loss": eval_loss}, step=step)
accelerator.end_training()
