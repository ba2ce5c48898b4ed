"""A training script in the style of nanoGPT: one file, a plain loop, flags as --name=value, and the recorder in it.

Run it: python examples/train.py --max_iters=20 --eval_interval=10
Then look: verbose-logging show
           python examples/train.py --wandb_run_name=my_experiment --log_save_interval=50
           python examples/train.py --save_log_to_json=False
           python examples/train.py --init_from=resume --max_iters=200
           python examples/train.py --wandb_log=True --save_log_to_json=True
"""

from __future__ import annotations

import argparse
import math
from pathlib import Path

import torch
from transformers import GPT2Config, GPT2LMHeadModel

from verbose_logging import TrainingLogger
from verbose_logging.data import load_devils_dictionary


def flag(text: str) -> bool:
    """Returns what `True` or `False` says."""
    return {"true": True, "false": False}[text.lower()]


parser = argparse.ArgumentParser()
parser.add_argument("--out_dir", default="out")
parser.add_argument("--init_from", choices=["scratch", "resume"], default="scratch")
parser.add_argument("--max_iters", type=int, default=100)
parser.add_argument("--eval_interval", type=int, default=50)
parser.add_argument("--eval_iters", type=int, default=4)
parser.add_argument("--batch_size", type=int, default=4)
parser.add_argument("--gradient_accumulation_steps", type=int, default=2)
parser.add_argument("--block_size", type=int, default=64)
parser.add_argument("--n_layer", type=int, default=2)
parser.add_argument("--n_head", type=int, default=2)
parser.add_argument("--n_embd", type=int, default=64)
parser.add_argument("--learning_rate", type=float, default=6e-4)
parser.add_argument("--warmup_iters", type=int, default=10)
parser.add_argument("--grad_clip", type=float, default=1.0)
parser.add_argument("--save_log_to_json", type=flag, default=True)
parser.add_argument("--log_save_interval", type=int, default=100)
parser.add_argument("--wandb_log", type=flag, default=False)
parser.add_argument("--wandb_run_name", default=None)
args = parser.parse_args()

torch.manual_seed(1337)
out_dir = Path(args.out_dir)
out_dir.mkdir(parents=True, exist_ok=True)

text = "\n".join(entry["text"] for entry in load_devils_dictionary()).encode()
data = torch.tensor(list(text))
train_data, val_data = data[: len(data) * 9 // 10], data[len(data) * 9 // 10 :]

model = GPT2LMHeadModel(
    GPT2Config(
        vocab_size=256,
        n_positions=args.block_size,
        n_embd=args.n_embd,
        n_layer=args.n_layer,
        n_head=args.n_head,
        bos_token_id=0,
        eos_token_id=0,
    )
)
optimizer = torch.optim.AdamW(model.parameters(), lr=args.learning_rate)
checkpoint = out_dir / "ckpt.pt"
first_iter = 0
if args.init_from == "resume":
    saved = torch.load(checkpoint)
    model.load_state_dict(saved["model"])
    optimizer.load_state_dict(saved["optimizer"])
    first_iter = saved["iter_num"]


def get_batch(source: torch.Tensor) -> torch.Tensor:
    """Returns rows from random places."""
    places = torch.randint(len(source) - args.block_size, (args.batch_size,))
    return torch.stack([source[place : place + args.block_size] for place in places])


@torch.no_grad()
def estimate_loss() -> dict[str, float]:
    """Returns the mean loss on a few batches of both splits."""
    model.eval()
    losses = {}
    for name, source in (("train_loss", train_data), ("val_loss", val_data)):
        batches = [get_batch(source) for _ in range(args.eval_iters)]
        losses[name] = sum(model(rows, labels=rows).loss.item() for rows in batches) / args.eval_iters
    model.train()
    return losses


def get_lr(iter_num: int) -> float:
    """Returns the rate of an iteration: a linear warm-up, then a cosine."""
    if iter_num < args.warmup_iters:
        return args.learning_rate * (iter_num + 1) / args.warmup_iters
    done = (iter_num - args.warmup_iters) / max(1, args.max_iters - args.warmup_iters)
    return args.learning_rate * (0.1 + 0.45 * (1 + math.cos(math.pi * done)))


logger = TrainingLogger(
    args.wandb_run_name,
    total_steps=args.max_iters + 1,
    config=vars(args),
    model=model,
    output_dir=args.out_dir,
    resumed_from_step=first_iter,
    resumed_from=checkpoint if first_iter else None,
    save_log_to_json=args.save_log_to_json,
    log_save_interval=args.log_save_interval,
    sinks=["wandb"] if args.wandb_log else [],
)
with logger:
    for iter_num in range(first_iter, args.max_iters + 1):
        lr = get_lr(iter_num)
        for group in optimizer.param_groups:
            group["lr"] = lr

        if iter_num % args.eval_interval == 0:
            losses = estimate_loss()
            logger.log_evaluation(iter_num, **losses, lr=lr)
            if iter_num > first_iter:
                state = {"model": model.state_dict(), "optimizer": optimizer.state_dict(), "iter_num": iter_num}
                torch.save(state, checkpoint)
                logger.log_checkpoint(iter_num, checkpoint, val_loss=losses["val_loss"])

        step_loss = torch.zeros(())
        for _ in range(args.gradient_accumulation_steps):
            rows = get_batch(train_data)
            loss = model(rows, labels=rows).loss / args.gradient_accumulation_steps
            loss.backward()
            step_loss += loss.detach()
        grad_norm = torch.nn.utils.clip_grad_norm_(model.parameters(), args.grad_clip)
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)

        rows_per_step = args.batch_size * args.gradient_accumulation_steps
        logger.log_step(
            iter_num,
            loss=step_loss,
            learning_rate=lr,
            grad_norm=grad_norm,
            samples=rows_per_step,
            tokens=rows_per_step * args.block_size,
        )
