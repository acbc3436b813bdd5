// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "ui/models/attention.h"
#include "ui/panels/attentionchart.h"
#include "ui/panels/panelframe.h"

class QComboBox;

namespace moescope::ui {

class IconButton;

/** What the heads of one layer looked at from the selected token. Nothing is asked for while it cannot be seen. */
class AttentionPanel : public PanelFrame {
    Q_OBJECT
public:
    AttentionPanel(TraceModel* trace, Selection* selection, QWidget* parent = nullptr);

    /** What is asked for: a token of an answer by its position in the context, and a layer of the model. */
    struct Wish {
        qint64 run = -1;
        int position = -1;
        int layer = -1;

        bool isSet() const { return run >= 0 && position >= 0 && layer >= 0; }
        bool operator==(const Wish&) const = default;
    };

    /** Layers of the loaded model, and the sizes of its routers; 0: none is loaded. */
    void setModel(int layers, const TraceShape& shape);
    /** What wanted() asked for; anything else is dropped. */
    void setAttention(const Wish& wish, const AttentionState& state);
    /** Why it cannot be had: a title and a sentence. `readable`: it can, once the answer is read again. */
    void setMissing(const Wish& wish, const QString& title, const QString& sentence, bool readable = false);
    /** What was refused before may be had now. */
    void askAgain();

    AttentionChart* headsChart() const { return m_heads; }
    QComboBox* layerBox() const { return m_layer; }
    const Wish& wish() const { return m_wish; }

signals:
    /** The panel can be seen and shows something else. */
    void wanted(const moescope::ui::AttentionPanel::Wish& wish);
    /** The answer is to be read into the KV cache again, for wish(). */
    void readingWanted();

protected:
    void refresh() override;
    int selectedRow() const override;
    void selectRow(int row) override;

private:
    Wish wishNow();
    bool canBeSeen() const;
    void chooseLayer(int layer);
    void headOpened(int head);
    void fill(const AttentionState& state);

    AttentionChart* m_heads = nullptr;
    AttentionTable* m_rows = nullptr;
    IconButton* m_back = nullptr;
    QComboBox* m_layer = nullptr;
    TraceShape m_model;
    int m_selectedLayer = -1; ///< as last followed
    Wish m_wish;              ///< as last asked for
    QString m_missingTitle;   ///< of m_wish
    QString m_missing;
    bool m_readable = false; ///< of what is missing
};

} // namespace moescope::ui
