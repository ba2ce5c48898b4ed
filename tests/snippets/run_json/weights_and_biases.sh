# Both JSON logging and W&B work simultaneously
python train.py --wandb_log=True --save_log_to_json=True
