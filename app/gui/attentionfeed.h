// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "app/controller/inferencecontroller.h"
#include "ui/panels/attentionpanel.h"

#include <QObject>

namespace moescope::gui {

/** Brings the panel Attention what it asks for, and says why where it cannot be had: it is computed between answers only,
 *  by the model whose KV cache holds the answer. */
class AttentionFeed : public QObject {
    Q_OBJECT
public:
    AttentionFeed(controller::InferenceController& controller, ui::AttentionPanel& panel);

private:
    void ask(const ui::AttentionPanel::Wish& wish);
    void stateChanged();

    controller::InferenceController& m_controller;
    ui::AttentionPanel& m_panel;
};

} // namespace moescope::gui
