#!/bin/bash
python -m pipeline_app "$@"
